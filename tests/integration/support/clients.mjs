// The kinds of MQTT clients that these tests know, with one face.
import path from 'node:path'
import { MosquittoClient } from './mosquitto.mjs'
import { MqttClient } from './mqtt.mjs'
import { PahoClient } from './paho.mjs'
import { output } from './processes.mjs'

const everywhere = ['tcp', 'ws', 'tls', 'wss']

const kind = (name, Client, version, transports) => ({
  name, version, transports, connect: (how) => Client.connect({ version, ...how }),
})

export const jsOld = kind('mqttjs3', MqttClient, 4, everywhere)
export const js = kind('mqttjs5', MqttClient, 5, everywhere)
export const mosquittoOld = kind('mosquitto3', MosquittoClient, 4, ['tcp', 'tls'])
export const mosquitto = kind('mosquitto5', MosquittoClient, 5, ['tcp', 'tls'])
export const pahoOld = kind('paho3', PahoClient, 4, everywhere)
export const paho = kind('paho5', PahoClient, 5, everywhere)

export const kinds = [jsOld, js, mosquittoOld, mosquitto, pahoOld, paho]
export const newKinds = kinds.filter(({ version }) => version === 5)

// A self-signed certificate for this machine, which clients can be told to trust: { certificate, key }, both files in `dir`.
export async function certify(dir, name = 'inboxd-test') {
  const [certificate, key] = [path.join(dir, `${name}.cert.pem`), path.join(dir, `${name}.key.pem`)]
  await output('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate])
  return { certificate, key }
}

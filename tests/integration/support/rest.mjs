// The REST API, as a back end or a web app calls it.

// A caller with a user's token.
export async function caller(world, user, ...args) {
  const token = await world.token(user, ...args)
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${world.engine.url}/api/tilechat${path}`, {
      method,
      headers: { Authorization: token, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) : undefined }
  }
}

// Asks one server as megalodon asks Mastodon: `node client.mjs BASE`, a JSON list of calls
// ([method, argument…], or ["GET", path, parameters]) on stdin, a JSON list of answers on stdout.
import generator from 'megalodon'

const client = generator('mastodon', process.argv[2])
let said = ''
for await (const part of process.stdin) said += part

const answers = []
for (const [method, ...given] of JSON.parse(said)) {
  try {
    const response = method === 'GET' ? await client.client.get(...given) : await client[method](...given)
    answers.push({ data: response.data, link: response.headers.link ?? null })
  } catch (error) {
    answers.push({ status: error.response?.status ?? String(error), error: error.response?.data })
  }
}
console.log(JSON.stringify(answers))

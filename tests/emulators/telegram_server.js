// Starts the npm package telegram-test-api (jehy, MIT) on 127.0.0.1 and mends what a current client stumbles over.
//
//   node telegram_server.js PORT FOLDER        FOLDER holds node_modules
//
// The package answers with dates in milliseconds and without is_bot, hands updates out before they are confirmed, knows no edits by
// the person and no secret of a webhook. Mended here: dates in seconds, senders as Telegram describes them, updates that stay until an
// offset confirms them, long polling that waits, `edit_of` in a person's message, the secret's header, and the small methods of a bot.
'use strict';
const { createRequire } = require('module');
const from = createRequire(`${process.argv[3]}/anything.js`);
const TelegramServer = from('telegram-test-api');
const express = from('express');
const axios = from('axios');

const BOT = { id: 666, is_bot: true, first_name: 'Coach', username: 'CoachBot', can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false };
const inSeconds = (date) => Math.floor(Number(date) > 1e11 ? Number(date) / 1000 : Number(date) || Date.now() / 1000);

const describe = TelegramServer.formatUpdate;
TelegramServer.formatUpdate = (stored) => {
  const update = describe(stored);
  for (const message of [update.message, update.callback_query && update.callback_query.message]) {
    if (!message) continue;
    message.date = inSeconds(message.date);
    if (message.from) message.from.is_bot = Boolean(message.from.is_bot);
  }
  if (update.callback_query) {
    update.callback_query.chat_instance = '1';
    update.callback_query.from.is_bot = false;
  }
  if (update.message && update.message.edit_of) {
    const { edit_of: edited, ...message } = update.message;
    return { update_id: update.update_id, edited_message: { ...message, message_id: edited, edit_date: message.date } };
  }
  return update;
};

const keep = TelegramServer.prototype.addBotMessage;
TelegramServer.prototype.addBotMessage = function (raw, token) {
  const message = keep.call(this, raw, token);
  return { message_id: message.message_id, date: inSeconds(message.date), from: BOT, chat: { id: Number(raw.chat_id), type: 'private', first_name: 'A' }, text: message.text };
};

const server = new TelegramServer({ port: Number(process.argv[2]), host: '127.0.0.1', storeTimeout: 3600 });
const ours = express.Router();
const ok = (response, result) => response.json({ ok: true, result });
ours.all('/bot:token/getMe', (_, response) => ok(response, BOT));
for (const method of ['answerCallbackQuery', 'sendChatAction', 'setMyCommands', 'setMyDescription']) {
  ours.all(`/bot:token/${method}`, (_, response) => ok(response, true));
}
ours.all('/bot:token/getMyCommands', (_, response) => ok(response, []));
ours.all('/bot:token/getMyDescription', (_, response) => ok(response, { description: '' }));
const hooks = {};
ours.all('/bot:token/getWebhookInfo', (request, response) => {
  ok(response, { url: hooks[request.params.token] || '', has_custom_certificate: false, pending_update_count: 0 });
});
ours.all('/bot:token/setWebhook', (request, response) => {
  hooks[request.params.token] = request.body.url;
  axios.defaults.headers.post['X-Telegram-Bot-Api-Secret-Token'] = request.body.secret_token || '';
  server.setWebhook(request.body, request.params.token);
  ok(response, true);
});
ours.all('/bot:token/deleteWebhook', (request, response) => {
  delete hooks[request.params.token];
  server.deleteWebhook(request.params.token);
  ok(response, true);
});
ours.all('/bot:token/getUpdates', async (request, response) => {
  const asked = { ...request.query, ...request.body };
  const until = Date.now() + 1000 * Number(asked.timeout || 0);
  const waiting = () => server.storage.userMessages.filter((update) => update.botToken === request.params.token && !update.isRead);
  for (const update of waiting()) if (update.updateId < Number(asked.offset || 0)) update.isRead = true;
  while (!waiting().length && Date.now() < until && !request.destroyed) await new Promise((go) => setTimeout(go, 30));
  ok(response, waiting().map((update) => TelegramServer.formatUpdate(JSON.parse(JSON.stringify(update)))));
});
ours.all('/bot:token/editMessageReplyMarkup', (request, response) => {
  const { chat_id: chat, message_id: number } = request.body;
  const stored = server.storage.botMessages.find((each) => String(each.messageId) === String(number) && String(each.message.chat_id) === String(chat));
  if (!stored) return response.status(400).json({ ok: false, error_code: 400, description: 'Bad Request: message to edit not found' });
  delete stored.message.reply_markup;
  return ok(response, { message_id: stored.messageId, date: inSeconds(stored.time), from: BOT, chat: { id: Number(chat), type: 'private' }, text: stored.message.text });
});

const stack = server.webServer._router.stack; // ours come before the package's own routes
server.webServer.use(ours);
const last = stack.pop();
stack.splice(stack.findIndex((layer) => layer.route), 0, last);
server.start().then(() => console.log('up'));
process.on('SIGTERM', () => process.exit(0));

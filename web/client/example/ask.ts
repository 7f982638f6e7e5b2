import { createChat, type ChatOptions } from "@chatchat/client";

/** Finds a company, asks it something, and gives what a person there answers. */
export const ask = async (options: ChatOptions, me: { username: string; password: string }, keyword: string, question: string): Promise<string> => {
  const chat = createChat(options);
  chat.on("session", (change) => console.log("session:", change));
  chat.on("connection", (state) => console.log("connection:", state));
  try {
    // The cookie of an earlier login is good for 14 days.
    if (!(await chat.resume())) await chat.logIn(me.username, me.password);
    chat.connect();

    const { companySummaries } = await chat.call("GET /companies", { query: { keyword } });
    const [company] = companySummaries;
    if (!company) throw new Error(`no company's name contains ${keyword}`);
    const { chatRoomId } = await chat.call("POST /customer/chatrooms", { body: { companyId: company.id } });

    const room = chat.room(chatRoomId);
    await room.ready;
    const { lastSeq } = room;
    room.send(question); // Shown at once in room.pending, and sent until the server has it.

    return await new Promise<string>((resolve, reject) => {
      chat.on("room", () => {
        if (room.error) reject(room.error);
        const answer = room.messages.find(({ seq, type, senderId }) => seq > lastSeq && type === "general" && senderId === company.id);
        if (!answer) return;
        room.markRead(answer.seq);
        resolve(answer.content);
      });
    });
  } finally {
    chat.close();
  }
};

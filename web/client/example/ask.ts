import { type ChatOptions, createChat } from "@chatchat/client";

/** Finds a company, asks it a question, and returns the answer of a person there. */
export const ask = async (
  options: Omit<ChatOptions, "role">,
  me: { username: string; password: string },
  keyword: string,
  question: string,
): Promise<string> => {
  const chat = createChat({ ...options, role: "customer" });
  chat.on("session", (state) => console.log("session:", state));
  chat.on("connection", (state) => console.log("connection:", state));
  try {
    // The cookie of an earlier login is valid for 14 days.
    if (!(await chat.resume())) await chat.logIn(me.username, me.password);
    chat.connect();

    const { companySummaries } = await chat.call("GET /companies", { query: { keyword } });
    const [company] = companySummaries;
    if (!company) throw new Error(`No company's name contains ${keyword}.`);
    const body = { companyId: company.id };
    const { chatRoomId } = await chat.call("POST /customer/chatrooms", { body });

    const room = chat.room(chatRoomId);
    await room.ready();
    const { lastSeq } = room;
    room.send(question); // It is in room.pending at once, and is sent until the server has stored it.

    return await new Promise<string>((resolve, reject) => {
      chat.on("room", () => {
        if (room.error && !room.error.transient) reject(room.error);
        const answer = room.messages.find(
          ({ seq, type, senderId }) =>
            seq > lastSeq && type === "general" && senderId === company.id,
        );
        if (!answer) return;
        room.markRead(answer.seq);
        resolve(answer.content);
      });
    });
  } finally {
    chat.close();
  }
};

import type { ko } from "./ko.js";

export const en: typeof ko = {
  tabs: { label: "Menu", rooms: "Chats", directory: "Find", me: "Me" },
  logIn: "Log in",
  logInHint: "Log in to chat with a company right away.",
  isCompany: "Are you a company?",
  companyLogin: "Company login",

  directory: {
    title: "Find a company",
    search: "Search by company name",
    noMatch: (query) => `No company matches “${query}”`,
    noMatchHint: "Part of the company’s name is enough.",
    showAll: "Show all companies",
    empty: "There are no companies here yet",
    found: (count, hasMore) =>
      `${count}${hasMore ? " or more" : ""} ${count === 1 && !hasMore ? "company" : "companies"}`,
  },

  company: {
    title: "Company",
    chat: "Start a chat",
    opening: "Opening the chat…",
    faq: "Frequently asked questions",
    noDescription: "No description yet.",
    notFound: "This company could not be found",
    notFoundHint: "The address may have changed, or the company may no longer be public.",
    findOthers: "Find a company",
  },

  rooms: {
    title: "Chats",
    empty: "No chats yet",
    emptyHint: "Find a company and ask what you would like to know.",
    find: "Find a company",
    choose: "Choose a chat on the left",
    room: "Chat",
    profile: "Show profile",
    leave: "Leave the chat",
    leaveQuestion: "Leave this chat?",
    leaveHint: "It disappears from your list until there is a new message. The messages are kept.",
    leaveClosedHint: "It disappears from your list. The messages are kept.",
    leaveAction: "Leave",
    left: "You left the chat",
  },

  faq: {
    label: "Frequently asked questions",
    show: "Show frequently asked questions",
    hide: "Hide frequently asked questions",
    gone: "This question was deleted. The list is up to date again.",
  },

  me: {
    title: "Me",
    account: "Account",
    accountHint: "Change password, your data, delete account",
    appearance: "Appearance",
    themes: { light: "Light", dark: "Dark", device: "Device" },
    language: "Language",
    logOut: "Log out",
    nameChanged: "Your name was changed",
    pictureChanged: "Your picture was changed",
    pictureRemoved: "Your picture was removed",
  },

  notFound: {
    title: "This page could not be found",
    hint: "Please check the address.",
    home: "Go to the start page",
  },
};

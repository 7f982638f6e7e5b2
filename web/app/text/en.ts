import type { ko } from "./ko.js";

export const en: typeof ko = {
  tabs: { label: "Menu", rooms: "Chats", directory: "Find", me: "Me" },
  logIn: "Log in",
  logInHint: "Log in to talk with a company right away.",
  isCompany: "Are you a company?",
  companyLogin: "Company login",

  directory: {
    title: "Find a company",
    search: "Search by company name",
    clear: "Clear search",
    noMatch: (query) => `No company matches “${query}”`,
    noMatchHint: "A part of the company’s name is enough.",
    showAll: "Show all companies",
    empty: "No company is public yet",
    found: (count, hasMore) =>
      `${count}${hasMore ? " or more" : ""} ${count === 1 && !hasMore ? "company" : "companies"}`,
  },

  company: {
    title: "Company",
    chat: "Start a chat",
    opening: "Opening the chat…",
    faq: "Frequent questions",
    noDescription: "No description yet.",
    notFound: "This company was not found",
    notFoundHint: "The address may have changed, or the company may not be public now.",
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
  },

  faq: {
    label: "Frequent questions",
    show: "Show frequent questions",
    hide: "Hide frequent questions",
    gone: "This question no longer exists. The list was loaded again.",
  },

  me: {
    title: "Me",
    account: "Account",
    accountHint: "Change password, delete account",
    appearance: "Appearance",
    themes: { light: "Light", dark: "Dark", device: "Device" },
    language: "Language",
    logOut: "Log out",
    nameChanged: "Your name was changed",
    pictureChanged: "Your picture was changed",
    pictureRemoved: "Your picture was removed",
  },

  notFound: {
    title: "This page does not exist",
    hint: "Please check the address.",
    home: "To the start page",
  },
};

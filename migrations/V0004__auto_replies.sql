-- The FAQ: up to six entries a company, counted in companies.faq_count.
create table auto_replies (
    id         bigint generated always as identity,
    company_id bigint not null,
    question   text not null,
    answer     text not null,
    created_at timestamptz not null default now(),
    constraint auto_replies_pkey primary key (id),
    constraint auto_replies_company_fkey foreign key (company_id) references companies (account_id),
    constraint auto_replies_question_check check (char_length(question) between 1 and 60),
    constraint auto_replies_answer_check check (char_length(answer) between 1 and 200)
);

create index auto_replies_company_idx on auto_replies (company_id, id);

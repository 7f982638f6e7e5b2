-- statement: ping()
select 1;

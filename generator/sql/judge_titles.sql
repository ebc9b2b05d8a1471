-- What are judges called, where they have a name?
select judge, title
from judges
where trim(title) <> ''
order by judge

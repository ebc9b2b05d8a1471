-- Which words do the annotations use for things, and which for what things are like?
select distinct lower(trim(word)) as word, is_noun
from (
    select unnest(words) as word, true as is_noun from regions
    union all
    select unnest(attributes) as word, false as is_noun from regions
) as named
where trim(word) <> ''
order by word, is_noun

-- How often was each word a candidate of a judged cell, and how often did the judge relate it to the image?
with judged as (
    select
        judge,
        model_id,
        lens,
        unnest(candidates) as word,
        lower(array_to_string(concrete_words || abstract_words || global_words, chr(31))) as related
    from judgments
    where
        status = 'ok'
        and (not interpretable or len(concrete_words || abstract_words || global_words) > 0)
)

select
    judge,
    model_id,
    lens,
    word,
    count(*) as candidates,
    count(*) filter (list_contains(string_split(related, chr(31)), lower(word)) and related <> '') as related
from judged
group by judge, model_id, lens, word
order by judge, model_id, lens, word

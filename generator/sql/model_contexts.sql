-- In which sentences, and where in them, were one model's text neighbours read?
select context_id, text, char_start, char_end
from contexts
where context_id in (
    select context_id
    from neighbors
    where model_id = $model_id and context_id is not null
      and image_id >= $first_image and image_id < $before_image
)
order by context_id

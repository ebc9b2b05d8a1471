-- How well does each model predict the data set's captions with the image, with another image, and without?
select
    model_id,
    count(*) as images,
    sum(caption_tokens)::bigint as tokens,
    sum(caption_loss_image * caption_tokens) / sum(caption_tokens) as with_image,
    sum(caption_loss_shuffled * caption_tokens) / sum(caption_tokens) as shuffled,
    sum(caption_loss_none * caption_tokens) / sum(caption_tokens) as without
from samples
where caption_tokens > 0 and caption_loss_image is not null
group by model_id
order by model_id

-- How well does each model predict the data set's captions with the image, with another image, and without?
-- Each loss is a mean over the tokens for which it is known.
select
    model_id,
    count(*) as images,
    sum(caption_tokens)::bigint as tokens,
    sum(caption_loss_image * caption_tokens)
        / sum(caption_tokens) filter (caption_loss_image is not null) as with_image,
    sum(caption_loss_shuffled * caption_tokens)
        / sum(caption_tokens) filter (caption_loss_shuffled is not null) as shuffled,
    sum(caption_loss_none * caption_tokens)
        / sum(caption_tokens) filter (caption_loss_none is not null) as without
from samples
where
    caption_tokens > 0
    and coalesce(caption_loss_image, caption_loss_shuffled, caption_loss_none) is not null
group by model_id
order by model_id

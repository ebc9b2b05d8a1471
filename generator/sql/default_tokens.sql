-- Which tokens does a lens of one model say first nearly everywhere at a layer, whatever the image shows?
-- With five images or more a token is judged by the share of images in which it comes first on a tenth of the
-- patches or more: default from 0.9 on, common from 0.5 on. With two to four images that would call a thing
-- that they happen to share a default token; there it has to come first on half of the patches of every image
-- (common: on a quarter of them). One image can tell nothing. Patches that are mostly padding do not count.
with pictures as (
    select samples.image_id, canvases.padding
    from samples
    join canvases on canvases.canvas_id = samples.canvas_id
    where samples.model_id = $model_id
),
counts as (
    select neighbors.lens, neighbors.vision_layer, neighbors.image_id, neighbors.token, count(*) as patches
    from neighbors
    join pictures on pictures.image_id = neighbors.image_id
    where
        neighbors.model_id = $model_id
        and neighbors.rank = 1
        and coalesce(pictures.padding[neighbors.cell + 1], 0) <= 0.5
    group by neighbors.lens, neighbors.vision_layer, neighbors.image_id, neighbors.token
),
image_sizes as (
    select lens, vision_layer, image_id, sum(patches) as patches
    from counts
    group by lens, vision_layer, image_id
),
layer_sizes as (
    select lens, vision_layer, sum(patches) as patches, count(*) as images
    from image_sizes
    group by lens, vision_layer
),
tokens as (
    select
        counts.lens,
        counts.vision_layer,
        counts.token,
        sum(counts.patches) as patches,
        count(*) as images,
        count(*) filter (10 * counts.patches >= image_sizes.patches) as images_with_a_tenth,
        min(counts.patches / image_sizes.patches) as least_share
    from counts
    join image_sizes using (lens, vision_layer, image_id)
    group by counts.lens, counts.vision_layer, counts.token
),
kinds as (
    select
        tokens.lens,
        tokens.vision_layer,
        tokens.token,
        tokens.images_with_a_tenth as images,
        layer_sizes.images as of_images,
        tokens.patches / layer_sizes.patches as share,
        case
            when layer_sizes.images >= 5 and 10 * tokens.images_with_a_tenth >= 9 * layer_sizes.images
                then 'default'
            when layer_sizes.images >= 5 and 2 * tokens.images_with_a_tenth >= layer_sizes.images
                then 'common'
            when layer_sizes.images between 2 and 4 and tokens.images = layer_sizes.images
                then case
                    when tokens.least_share >= 0.5 then 'default'
                    when tokens.least_share >= 0.25 then 'common'
                end
        end as kind
    from tokens
    join layer_sizes using (lens, vision_layer)
)
select lens, vision_layer, token, images, of_images, share, kind
from kinds
where kind is not null
order by lens, vision_layer, share desc, token

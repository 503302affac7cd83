using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <content>What VideoX-Fun's models add before the blocks: a reference picture in front of the clip, and a camera.</content>
/// <remarks>
/// Source: aigc-apps/VideoX-Fun:videox_fun/models/wan_transformer3d.py, <c>ref_conv</c>, <c>control_adapter</c>, and
/// wan_camera_adapter.py; the rays are those of videox_fun/data/utils.py, <c>ray_condition</c>.
/// </remarks>
public static partial class WanTransformer
{
    private const int Rays = 6; // place × direction, then the direction

    /// <summary>The tokens of what the network is given, [batch, tokens, dim].</summary>
    private static GraphValue Tokens(GraphBuilder g, TransformerConfig config, GraphValue given)
    {
        var latents = g.Slice(given, axis: 1, 0, config.InChannels);
        if (config.TakesReference)
        {
            var frames = latents.Shape[2];
            var first = g.Slice(latents, axis: 2, 0, 1);
            var reference = g.Slice(first, axis: 1, config.OutChannels, config.OutChannels); // where others have a control
            var clip = g.Slice(latents, axis: 2, 1, frames - 1);
            return g.Concat(
                [
                    PatchEmbedding(g, config, reference, config.OutChannels, "ref_conv", isFlat: true),
                    PatchEmbedding(g, config, clip, config.InChannels),
                ],
                axis: 1
            );
        }

        var tokens = PatchEmbedding(g, config, latents, config.InChannels);
        return config.CameraStride is null
            ? tokens
            : tokens + Camera(g, config, g.Slice(given, axis: 1, config.InChannels, config.GivenChannels - config.InChannels));
    }

    /// <summary>What a camera adds to the tokens: rays through the pixels of each, then two convolutions among their neighbours.</summary>
    /// <param name="g">Where it is written.</param>
    /// <param name="config">The transformer.</param>
    /// <param name="cameras">
    /// [batch, 4 · 16, frames, height, width], the same at all positions: for each frame of video the focal lengths and the centre in
    /// pixels, the rotation row by row, and the place.
    /// </param>
    private static GraphValue Camera(GraphBuilder g, TransformerConfig config, GraphValue cameras)
    {
        using var scope = g.Scope("control_adapter");
        var batch = cameras.Shape[0];
        var (f, h, w) = Grid(config, cameras.Shape[2], cameras.Shape[3], cameras.Shape[4]);
        var x = CameraRays(g, config, cameras, (f, h, w)); // [batch, tokens, dim]
        var image = g.Transpose(g.Reshape(x, [batch * f, h, w, config.Dim]), [0, 3, 1, 2]); // [batch · f, dim, h, w]
        var inner = g.Relu(g.Conv2d(image, "residual_blocks.0.conv1", config.Dim, kernel: 3, padding: 1));
        var outer = g.Conv2d(inner, "residual_blocks.0.conv2", config.Dim, kernel: 3, padding: 1);
        var sum = g.Cast(outer, DType.F32) + g.Cast(image, DType.F32);
        return g.Reshape(g.Transpose(sum, [0, 2, 3, 1]), [batch, f * h * w, config.Dim]); // [batch, tokens, dim]
    }

    /// <summary>
    /// The rays through the pixels of each token, by the convolution's weights. One number of all rays after another: six at once would be
    /// 6144 values to a token, at 8 pixels to a latent position.
    /// </summary>
    private static GraphValue CameraRays(GraphBuilder g, TransformerConfig config, GraphValue cameras, (Dim F, Dim H, Dim W) grid)
    {
        using var scope = g.Scope("conv");
        var (stride, patch) = (config.CameraStride!.Value, config.PatchSize);
        var (rows, columns) = (stride * patch.Height, stride * patch.Width); // pixels of a token
        var pixels = TransformerConfig.CameraFrames * rows * columns;
        long[] shape = [config.Dim, Rays * TransformerConfig.CameraFrames * stride * stride, patch.Height, patch.Width];
        var kernel = g.Reshape(
            g.Weight("weight", shape, g.Compute),
            [config.Dim, Rays, TransformerConfig.CameraFrames, stride, stride, patch.Height, patch.Width]
        );
        kernel = g.Transpose(kernel, [1, 0, 2, 5, 3, 6, 4]); // [rays, dim, frames, patch height, stride, patch width, stride]
        kernel = g.Reshape(kernel, [Rays, config.Dim, pixels]);
        GraphValue? sum = null;
        foreach (var (i, ray) in RaysOf(g, config, cameras, grid).Index())
        {
            var matrix = g.Reshape(g.Slice(kernel, axis: 0, i, 1), [config.Dim, pixels]);
            var tokens = g.Reshape(ray, [cameras.Shape[0], grid.F * grid.H * grid.W, pixels]);
            var part = g.Cast(g.Linear(tokens, matrix, i == 0 ? g.Weight("bias", [config.Dim], g.Compute) : null), DType.F32);
            sum = sum is null ? part : sum + part;
        }

        return sum!;
    }

    /// <summary>Six of [batch, frames, height, width of the grid, 4, rows, columns of a token].</summary>
    private static GraphValue[] RaysOf(GraphBuilder g, TransformerConfig config, GraphValue cameras, (Dim F, Dim H, Dim W) grid)
    {
        var (batch, frames, stride) = (cameras.Shape[0], cameras.Shape[2], config.CameraStride!.Value);
        var (rows, columns) = (stride * config.PatchSize.Height, stride * config.PatchSize.Width);
        var numbers = g.Slice(g.Slice(cameras, axis: 3, 0, 1), axis: 4, 0, 1); // all positions say the same
        numbers = g.Reshape(numbers, [batch, TransformerConfig.CameraFrames, TransformerConfig.CameraNumbers, frames]);
        numbers = g.Transpose(numbers, [2, 0, 3, 1]); // [16, batch, frames, 4]
        GraphValue[] camera =
        [
            .. g.Chunk(numbers, axis: 0, TransformerConfig.CameraNumbers)
                .Select(number => g.Reshape(number, [batch, frames, 1, 1, TransformerConfig.CameraFrames, 1, 1])),
        ];
        var (focal, center, rotation, place) = (camera[..2], camera[2..4], camera[4..13], camera[13..]);

        // Directions that the pixels' middles are seen in, one ahead of the camera.
        var x = (g.Reshape(Middles(g, grid.W * columns), [1, 1, 1, grid.W, 1, 1, columns]) - center[0]) / focal[0];
        var y = (g.Reshape(Middles(g, grid.H * rows), [1, 1, grid.H, 1, 1, rows, 1]) - center[1]) / focal[1];
        var length = g.Sqrt((x * x) + (y * y) + 1f);
        GraphValue[] d = [.. Enumerable.Range(0, 3).Select(i => Turned(3 * i))];
        return [Cross(1, 2), Cross(2, 0), Cross(0, 1), .. d];

        GraphValue Turned(int row) => ((x * rotation[row]) + (y * rotation[row + 1]) + rotation[row + 2]) / length;

        GraphValue Cross(int one, int other) => (place[one] * d[other]) - (place[other] * d[one]);
    }

    private static GraphValue Middles(GraphBuilder g, Dim pixels) => g.Cast(g.Range(pixels), DType.F32) + 0.5f;
}

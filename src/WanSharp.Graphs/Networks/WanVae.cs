using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// The VAEs of Wan, as four graphs: encoder and decoder, each for a clip's first step and for every later one. A step
/// takes the caches that the step before left, so that a clip of any length passes in constant memory and nothing is
/// computed twice. Here stands what <see cref="VaeKind.Wan21"/> is made of; <see cref="Wan22Vae"/> and <see cref="TinyVae"/> have
/// the others.
/// </summary>
/// <remarks>
/// <para>Encoder: <c>frames</c> F32 [batch, 3, <see cref="VaeConfig.FirstFrames"/> first, then
/// <see cref="VaeConfig.TemporalStride"/>, height, width] in [-1, 1] → <c>latents</c> F32 [batch, latent channels, 1,
/// height / stride, width / stride], the mean of the distribution,
/// standardized by <see cref="VaeConfig.Mean"/> and <see cref="VaeConfig.Std"/>. Height and width are multiples of
/// <see cref="VaeConfig.SpatialStride"/>.</para>
/// <para>Decoder: <c>latents</c> F32 [batch, latent channels, 1, height, width] → <c>frames</c> F32 [batch, 3, 1 first, then
/// <see cref="VaeConfig.TemporalStride"/>, stride · height, stride · width], clamped to [-1, 1], with
/// <see cref="VaeConfig.FrameStride"/>.</para>
/// <para>Caches: outputs whose names end in <see cref="NextSuffix"/>; the next step has an input of the name without it.
/// A caller passes them on as they are.</para>
/// <para>Source: Wan-Video/Wan2.1:wan/modules/vae.py, with its weight names.</para>
/// </remarks>
public static class WanVae
{
    /// <summary>A cache leaves a step under its input's name with this added.</summary>
    public const string NextSuffix = VaeLayers.NextSuffix;

    internal const int Colors = 3;

    /// <summary>The encoder's first step: one frame to one latent frame.</summary>
    public static OnnxGraph EncodeFirst(VaeConfig config, GraphOptions options) =>
        Encode("vae_encode_first", config, options, isFirst: true);

    /// <summary>The encoder's later steps: four frames to one latent frame.</summary>
    public static OnnxGraph EncodeNext(VaeConfig config, GraphOptions options) =>
        Encode("vae_encode_next", config, options, isFirst: false);

    /// <summary>The decoder's first step: one latent frame to one frame.</summary>
    public static OnnxGraph DecodeFirst(VaeConfig config, GraphOptions options) =>
        Decode("vae_decode_first", config, options, isFirst: true);

    /// <summary>The decoder's later steps: one latent frame to four frames.</summary>
    public static OnnxGraph DecodeNext(VaeConfig config, GraphOptions options) =>
        Decode("vae_decode_next", config, options, isFirst: false);

    private static OnnxGraph Encode(string name, VaeConfig config, GraphOptions options, bool isFirst)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        var graph = new GraphBuilder(name, options);
        var layers = new VaeLayers(graph, isFirst);
        var count = isFirst ? config.FirstFrames : config.TemporalStride;
        var clip = graph.Input("frames", DType.F32, ["batch", Colors, count, "height", "width"], "pixels in [-1, 1]");
        var frames = Frames(graph, clip); // count × [batch, 3, height, width]

        if (config.Kind == VaeKind.Tiny)
        {
            // [batch, latent channels, height / stride, width / stride]
            var tiny = TinyVae.Encoder(graph, layers, config, frames);
            graph.Output("latents", Clip(graph, [Standardize(graph, config, tiny)]));
            return graph.Build();
        }

        // 1 × [batch, 2 · latent channels, height / stride, width / stride]
        var x = config.Kind == VaeKind.Wan22 ? Wan22Vae.Encoder(graph, layers, config, frames) : Encoder(layers, config, frames);
        graph.Probe("encoder", Clip(graph, x));
        var moments = layers.PointwiseConv("conv1", x, 2 * config.LatentChannels)[0];
        var mean = graph.Slice(moments, axis: 1, 0, config.LatentChannels); // [batch, latent channels, height / stride, width / stride]
        graph.Probe("mu_raw", Clip(graph, [mean]));
        graph.Output("latents", Clip(graph, [Standardize(graph, config, mean)])); // [batch, channels, 1, height / stride, width / stride]
        return graph.Build();
    }

    private static OnnxGraph Decode(string name, VaeConfig config, GraphOptions options, bool isFirst)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        var graph = new GraphBuilder(name, options);
        var layers = new VaeLayers(graph, isFirst);
        var latents = graph.Input(
            "latents",
            DType.F32,
            ["batch", config.LatentChannels, 1, "height", "width"],
            "one latent frame, standardized"
        );
        (GraphValue Center, GraphValue Scale)? statistics = config.TakesStandardized ? null : Statistics(graph, config);
        var z = Frames(graph, latents)[0]; // [batch, latent channels, height, width]
        if (statistics is (var center, var scale))
        {
            z = (z / scale) + center;
        }

        if (config.Kind == VaeKind.Tiny)
        {
            var pictures = Clip(graph, TinyVae.Decoder(graph, layers, config, z)); // [batch, 3, 1 or 4, stride · height, stride · width]
            graph.Output("frames", graph.Clamp((pictures * 2f) - graph.Scalar(1), -1, 1));
            return graph.Build();
        }

        var x = layers.PointwiseConv("conv2", [z], config.LatentChannels);
        graph.Probe("dec_conv2", Clip(graph, x));
        x = layers.CausalConv("decoder.conv1", x, config.DecoderChannels(^1));
        graph.Probe("dec_conv1", Clip(graph, x));
        x = layers.Middle("decoder", x);
        graph.Probe("dec_middle", Clip(graph, x));
        x = config.Kind == VaeKind.Wan22 ? Wan22Vae.Decoder(graph, layers, config, x) : Decoder(layers, config, x);
        var frames = Clip(graph, x); // [batch, 3, 1 or 4, stride · height, stride · width]
        graph.Probe("video_raw", frames);
        graph.Output("frames", graph.Clamp(frames, -1, 1));
        return graph.Build();
    }

    private static GraphValue[] Encoder(VaeLayers layers, VaeConfig config, GraphValue[] frames)
    {
        var x = layers.CausalConv("encoder.conv1", frames, config.Dim);
        var position = 0;
        for (var level = 0; level < config.Levels; level++)
        {
            for (var i = 0; i < config.ResidualBlocks; i++)
            {
                x = layers.ResidualBlock($"encoder.downsamples.{position++}", x, config.EncoderChannels(level));
            }

            if (level < config.Levels - 1)
            {
                var name = $"encoder.downsamples.{position++}";
                x = layers.DownsampleSpace(name, x);
                x = config.TemporalDownsample[level] ? layers.DownsampleTime(name, x) : x;
            }
        }

        return layers.Head("encoder", layers.Middle("encoder", x), 2 * config.LatentChannels);
    }

    private static GraphValue[] Decoder(VaeLayers layers, VaeConfig config, GraphValue[] x)
    {
        var position = 0;
        for (var level = config.Levels - 1; level >= 0; level--)
        {
            var channels = config.DecoderChannels(level);
            for (var i = 0; i < config.ResidualBlocks + 1; i++)
            {
                x = layers.ResidualBlock($"decoder.upsamples.{position++}", x, channels);
            }

            if (level > 0)
            {
                var name = $"decoder.upsamples.{position++}";
                x = config.TemporalDownsample[level - 1] ? layers.UpsampleTime(name, x) : x;
                x = layers.UpsampleSpace(name, x, channels / 2);
            }
        }

        var pixels = layers.Head("decoder", x, Colors * config.FrameScale * config.FrameScale);
        return config.FrameScale == 1 ? pixels : [.. pixels.Select(frame => PixelShuffle.Apply(layers.Graph, frame, config.FrameScale))];
    }

    /// <summary>Latents as the transformer sees them.</summary>
    private static GraphValue Standardize(GraphBuilder graph, VaeConfig config, GraphValue z)
    {
        if (config.TakesStandardized)
        {
            return z;
        }

        var (center, scale) = Statistics(graph, config);
        return (z - center) * scale;
    }

    /// <summary>The latents' means and the inverses of their deviations, [channels, 1, 1] each.</summary>
    private static (GraphValue Mean, GraphValue InverseStd) Statistics(GraphBuilder graph, VaeConfig config)
    {
        long[] shape = [config.LatentChannels, 1, 1];
        return (graph.Constant([.. config.Mean], shape), graph.Constant([.. config.Std.Select(std => 1f / std)], shape));
    }

    /// <summary>[batch, channels, frames, height, width] → frames × [batch, channels, height, width].</summary>
    private static GraphValue[] Frames(GraphBuilder graph, GraphValue clip) =>
        [
            .. graph
                .Chunk(clip, axis: 2, (int)clip.Shape[2].Known!.Value)
                .Select(frame => graph.Reshape(frame, [clip.Shape[0], clip.Shape[1], clip.Shape[3], clip.Shape[4]])),
        ];

    /// <summary>frames × [batch, channels, height, width] → [batch, channels, frames, height, width].</summary>
    private static GraphValue Clip(GraphBuilder graph, GraphValue[] frames) =>
        graph.Concat([.. frames.Select(x => graph.Reshape(x, [x.Shape[0], x.Shape[1], 1, x.Shape[2], x.Shape[3]]))], axis: 2);
}

using WanSharp.Engine.Features;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Encodes what joins the latents of VideoX-Fun's models: a control, a reference, the first and the last frame.</summary>
internal sealed class FunCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "fun-conditions";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var configuration = fixture
            .Section(fixture.Config.GetProperty("vae"), ModelJson.Default.VaeSection)
            .ToConfiguration(fixture.ConfigPath);
        using var weights = new WeightStore(fixture.Weights("vae.safetensors"));
        using var vae = new VaeRunner(context.Runtime, configuration, weights, context.Settings);
        var encoding = context.LimitsOf(context.Limits.Vae, options => new VaeGraphs(configuration, options).EncodeNext).Of("latents");
        var comparisons = new List<Comparison>();
        foreach (var kind in fixture.Config.GetProperty("kinds").EnumerateObject())
        {
            var name = kind.Name;
            var y = fixture[$"{name}.out.y"]; // [channels, frames, height, width]
            var reference = fixture.Find($"{name}.out.full_ref"); // [channels, height, width]
            var model = new TransformerConfig
            {
                ModelType = ModelType.Fun,
                InChannels = kind.Value.GetInt32(),
                OutChannels = configuration.LatentChannels,
                TakesReference = reference is not null,
            };
            using var first = Picture(fixture.Find($"{name}.in.first"));
            using var last = Picture(fixture.Find($"{name}.in.last"));
            using var made = new FunEncoder(vae, model).Encode(
                new FunFrames(FramesOf(fixture, name, y, configuration), reference is null ? 0 : 1) { First = first, Last = last },
                cancellationToken
            );
            Compare("y", Part(made.Channels!, reference is null ? 0 : 1, (int)y.Shape[1], (int)y.Shape[0]), y);
            if (reference is not null)
            {
                Compare("full_ref", Part(made.Channels!, frame: 0, frames: 1, (int)reference.Shape[0]), reference);
            }

            if (fixture.Find($"{name}.out.first") is { } clean)
            {
                Compare("first", made.Frames.Latents[reference is null ? 0 : 1].Read<float>().ToArray(), clean);
            }

            void Compare(string what, float[] ours, Tensor theirs) =>
                comparisons.Add(Comparison.Of($"{name}.out.{what}", ours, theirs.Read<float>(), encoding));
        }

        return Task.FromResult<IReadOnlyList<Comparison>>(comparisons);
    }

    /// <summary>Some frames of the first channels.</summary>
    private static float[] Part(Tensor channels, int frame, int frames, int count)
    {
        var (all, area) = ((int)channels.Shape[2], (int)(channels.Shape[3] * channels.Shape[4]));
        var values = channels.Read<float>().ToArray();
        return
        [
            .. Enumerable.Range(0, count).SelectMany(channel => values.AsSpan(((channel * all) + frame) * area, frames * area).ToArray()),
        ];
    }

    private static ControlFrames FramesOf(Fixture fixture, string name, Tensor y, VaeConfig vae)
    {
        var count = (((int)y.Shape[1] - 1) * vae.TemporalStride) + 1;
        var frames = new ControlFrames((int)y.Shape[3] * vae.SpatialStride, (int)y.Shape[2] * vae.SpatialStride, count);
        if (fixture.Find($"{name}.in.control") is { } video)
        {
            for (var frame = 0; frame < count; frame++)
            {
                frames.Set(frame, FixturePictures.Bytes(video, frame), mask: null);
            }
        }

        if (fixture.Find($"{name}.in.reference") is { } reference)
        {
            frames.References.Add(new RgbImage(frames.Width, frames.Height, FixturePictures.Bytes(reference, frame: 0)));
        }

        return frames;
    }

    private static Tensor? Picture(Tensor? picture) =>
        picture is null
            ? null
            : ImageTensors.ToTensor(new RgbImage((int)picture.Shape[3], (int)picture.Shape[2], FixturePictures.Bytes(picture, frame: 0)));
}

using WanSharp.Engine.Features;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;

namespace WanSharp.Tools.Selftest;

/// <summary>Encodes what a clip follows, fills in or shows (VACE) as channels for the network.</summary>
internal sealed class ControlCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "vace-conditions";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var configuration = fixture
            .Section(fixture.Config.GetProperty("vae"), ModelJson.Default.VaeSection)
            .ToConfiguration(fixture.ConfigPath);
        using var weights = new WeightStore(fixture.Weights("vae.safetensors"));
        using var vae = new VaeRunner(context.Runtime, configuration, weights, context.Settings);
        var encoding = context.LimitsOf(context.Limits.Vae, options => new VaeGraphs(configuration, options).EncodeNext).Of("latents");
        var comparisons = new List<Comparison>();
        foreach (var name in fixture.Cases)
        {
            using var control = new ControlEncoder(vae).Encode(FramesOf(fixture, name), cancellationToken);
            comparisons.Add(
                Comparison.Of($"{name}.out.control", control.Read<float>(), fixture[$"{name}.out.control"].Read<float>(), encoding)
            );
        }

        return Task.FromResult<IReadOnlyList<Comparison>>(comparisons);
    }

    private static ControlFrames FramesOf(Fixture fixture, string name)
    {
        var video = fixture[$"{name}.in.frames"]; // [3, frames, height, width], 0 to 255
        var mask = fixture[$"{name}.in.mask"].Read<float>(); // [1, frames, height, width]
        var (count, height, width) = ((int)video.Shape[1], (int)video.Shape[2], (int)video.Shape[3]);
        var frames = new ControlFrames(width, height, count);
        for (var frame = 0; frame < count; frame++)
        {
            var made = new byte[height * width];
            for (var i = 0; i < made.Length; i++)
            {
                made[i] = (byte)mask[(frame * made.Length) + i];
            }

            frames.Set(frame, FixturePictures.Bytes(video, frame), made);
        }

        frames.References.AddRange(
            fixture.List($"{name}.in.reference").Select(picture => new RgbImage(width, height, FixturePictures.Bytes(picture, frame: 0)))
        );
        return frames;
    }
}

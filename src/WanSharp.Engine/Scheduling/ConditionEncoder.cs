using System.Globalization;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>A clip's images as its model takes them; the same images for the same size are encoded once.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ConditionEncoder(
    TransformerConfig model,
    EngineNetworks networks,
    ComputeLanes lanes,
    FeatureCache cache,
    FeatureKeys keys
)
{
    private const string Channels = "channels";
    private const string Features = "clip"; // as stored entries call them

    /// <summary>What the plan's images say about the clip; the caller disposes it.</summary>
    public async Task<ImageConditions> EncodeAsync(ClipRun clip)
    {
        if (clip.Plan.GivenFrames.Count == 0)
        {
            return ImageConditions.None;
        }

        var conditions = await cache
            .GetAsync(
                clip,
                keys.ForImages(clip.Plan),
                () =>
                    networks.UseImageEncoderAsync(
                        clip.Plan.Encoder,
                        encoder =>
                            lanes.RunAsync(
                                clip,
                                GenerationStage.Encode,
                                () =>
                                {
                                    using var encoded = encoder.Encode(clip.Plan, model, clip.Cancelled);
                                    return ToBytes(encoded);
                                }
                            ),
                        clip.Cancelled
                    )
            )
            .ConfigureAwait(false);
        if (clip.Plan.Strategy is { KeepsTextEncoder: false })
        {
            await networks.UnloadImageEncodersAsync(clip.Cancelled).ConfigureAwait(false); // its strategy counts on that
        }

        return FromBytes(conditions);
    }

    private static byte[] ToBytes(ImageConditions conditions)
    {
        List<(string, Tensor)> tensors =
        [
            .. conditions.Frames.Latents.Select(frame => (frame.Key.ToString(CultureInfo.InvariantCulture), frame.Value)),
        ];
        if (conditions.Channels is { } channels)
        {
            tensors.Add((Channels, channels));
        }

        if (conditions.ImageFeatures is { } features)
        {
            tensors.Add((Features, features));
        }

        return FeatureBytes.From(tensors);
    }

    private static ImageConditions FromBytes(byte[] bytes)
    {
        var tensors = FeatureBytes.ToTensors(bytes);
        return new ImageConditions
        {
            Channels = tensors.GetValueOrDefault(Channels),
            ImageFeatures = tensors.GetValueOrDefault(Features),
            Frames = new CleanFrames(
                tensors
                    .Where(tensor => tensor.Key is not (Channels or Features))
                    .ToDictionary(tensor => int.Parse(tensor.Key, CultureInfo.InvariantCulture), tensor => tensor.Value)
            ),
        };
    }
}

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
    FeatureKeys keys,
    ControlReader controls
)
{
    private const string Channels = "channels";
    private const string Features = "clip"; // as stored entries call them

    /// <summary>What the plan's images say about the clip; the caller disposes it.</summary>
    public async Task<ImageConditions> EncodeAsync(ClipRun clip)
    {
        if (!clip.Plan.EncodesFrames)
        {
            return ImageConditions.None;
        }

        var conditions = await cache
            .GetAsync(
                clip,
                keys.ForImages(clip.Plan),
                () => networks.UseImageEncoderAsync(clip.Plan.Encoder, EncodeInTurnAsync, clip.Cancelled)
            )
            .ConfigureAwait(false);
        if (clip.Plan.Strategy is { KeepsTextEncoder: false })
        {
            await networks.UnloadImageEncodersAsync(clip.Cancelled).ConfigureAwait(false); // its strategy counts on that
        }

        var images = FromBytes(conditions);
        return clip.Plan.Control is { } followed ? WithStrength(images, followed.Strength) : images;

        // What a clip follows is read when its turn has come: of all clips that wait, one has it in memory.
        async Task<byte[]> EncodeInTurnAsync(ImageEncoder encoder)
        {
            var control = clip.Plan.Control is null ? null : await controls.ReadAsync(clip.Plan, clip.Cancelled).ConfigureAwait(false);
            return await lanes
                .RunAsync(clip, GenerationStage.Encode, () => Encode(encoder, control), EngineTelemetry.Images)
                .ConfigureAwait(false);
        }

        byte[] Encode(ImageEncoder encoder, ControlFrames? control)
        {
            using var encoded = control is null
                ? encoder.Encode(clip.Plan, model, clip.Cancelled)
                : encoder.EncodeControl(clip.Plan, control, clip.Cancelled);
            return ToBytes(encoded);
        }
    }

    /// <summary>A control with a channel that says how strongly it is followed.</summary>
    private static ImageConditions WithStrength(ImageConditions control, double strength)
    {
        using (control)
        {
            var values = control.Channels!.Read<float>();
            var shape = control.Channels.Shape;
            var channels = Tensor.Zeros(DType.F32, [1, shape[1] + 1, shape[2], shape[3], shape[4]]);
            values.CopyTo(channels.Write<float>());
            channels.Write<float>()[values.Length..].Fill((float)strength);
            return new ImageConditions { Channels = channels };
        }
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

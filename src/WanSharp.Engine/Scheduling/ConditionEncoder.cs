using System.Globalization;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>A clip's images as its model takes them; the same images for the same size are encoded once.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ConditionEncoder(
    WanModel model,
    EngineNetworks networks,
    ComputeLanes lanes,
    FeatureCache cache,
    FeatureKeys keys,
    ControlReader controls,
    MemoryBudget budget
)
{
    private const string Channels = "channels";
    private const string Features = "clip"; // as stored entries call them

    /// <summary>What the plan's images say about the clip; the caller disposes it.</summary>
    public async Task<ImageConditions> EncodeAsync(ClipRun clip)
    {
        if (!clip.Plan.EncodesFrames)
        {
            return clip.Plan.Control is null ? ImageConditions.None : WithControl(Empty(clip.Plan), clip.Plan);
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

        return WithControl(FromBytes(conditions), clip.Plan);

        // What a clip follows is read when its turn has come: of all clips that wait, one has it in memory.
        async Task<byte[]> EncodeInTurnAsync(ImageEncoder encoder)
        {
            // It is held while other clips compute, before a lane is free.
            var bytes = clip.Plan.Control is null ? 0 : ImageStage.ControlBytes(clip.Plan);
            using var memory = budget.Reserve(ReservationKind.Clip, bytes);
            var control = clip.Plan.Control is null ? null : await controls.ReadAsync(clip.Plan, clip.Cancelled).ConfigureAwait(false);
            var rest = clip with { Bytes = clip.Bytes with { Encode = Math.Max(0, clip.Bytes.Encode - bytes) } };
            return await lanes
                .RunAsync(rest, GenerationStage.Encode, () => Encode(encoder, control), EngineTelemetry.Images)
                .ConfigureAwait(false);
        }

        byte[] Encode(ImageEncoder encoder, ControlFrames? control)
        {
            using var encoded = control is null
                ? encoder.Encode(clip.Plan, model.Transformer, clip.Cancelled)
                : encoder.EncodeControl(clip.Plan, model.Transformer, control, clip.Cancelled);
            return ToBytes(encoded);
        }
    }

    /// <summary>What VideoX-Fun's models are given where nothing is: no network has to run for it.</summary>
    private ImageConditions Empty(GenerationPlan plan) =>
        new()
        {
            Channels = FunEncoder.Empty(model.Transformer, plan.Latents.Dims[2..]),
            ImageFeatures = model.VisionEncoder is { } vision ? ImageFeatures.OfNothing(vision) : null,
        };

    /// <summary>Conditions with what is told of a control anew for each clip; they are disposed where that fails.</summary>
    private static ImageConditions WithControl(ImageConditions images, GenerationPlan plan)
    {
        try
        {
            return plan.Control switch
            {
                null => images,
                { IsFun: true } => WithCamera(images, plan),
                var followed => With(images, 1, values => values.Fill((float)followed.Strength)),
            };
        }
        catch
        {
            images.Dispose();
            throw;
        }
    }

    /// <summary>Conditions with a camera, where there is one: it is told anew for each clip, and not kept.</summary>
    private static ImageConditions WithCamera(ImageConditions images, GenerationPlan plan)
    {
        if (plan.Control!.Camera is not { } camera)
        {
            return images;
        }

        var numbers = CameraPath.Of(camera, plan.Settings.Frames).Numbers(plan.Settings.Width, plan.Settings.Height);
        camera.File?.RequireUnchanged();
        const int Told = TransformerConfig.CameraFrames * TransformerConfig.CameraNumbers; // of a latent frame
        return With(
            images,
            Told,
            values =>
            {
                var (frames, area) = ((int)plan.Latents[2], (int)(plan.Latents[3] * plan.Latents[4]));
                for (var i = 0; i < numbers.Length; i++)
                {
                    values.Slice((((i % Told) * frames) + (i / Told)) * area, area).Fill(numbers[i]); // the same at all positions
                }
            }
        );
    }

    /// <summary>Conditions with channels more.</summary>
    private static ImageConditions With(ImageConditions images, int more, FillChannels fill)
    {
        var values = images.Channels!.Read<float>();
        var shape = images.Channels.Shape;
        var channels = Tensor.Zeros(DType.F32, [1, shape[1] + more, shape[2], shape[3], shape[4]]);
        values.CopyTo(channels.Write<float>());
        fill(channels.Write<float>()[values.Length..]);
        images.Channels.Dispose();
        return new ImageConditions
        {
            Channels = channels,
            Frames = images.Frames,
            ImageFeatures = images.ImageFeatures,
        };
    }

    private delegate void FillChannels(Span<float> values);

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

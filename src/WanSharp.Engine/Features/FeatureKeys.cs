using System.Globalization;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Storage;

namespace WanSharp.Engine.Features;

/// <summary>
/// Names features by all that decides them: the model except the parts that compute nothing of them, what goes in, and what
/// executes.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="executable">The engine's build, provider, runtime and threads: others round otherwise, and a clip's bits are
/// promised.</param>
internal sealed class FeatureKeys(ModelIdentity model, string executable)
{
    // Of the bytes' format.
    private const int Version = 2;

    private readonly Lazy<string> _text = new(() =>
        model.Without(
            ModelPart.TransformerShape | ModelPart.TransformerWeights | ModelPart.Tokenizer | ModelPart.Vae | ModelPart.VisionEncoder
        )
    );

    private readonly Lazy<string> _images = new(() =>
        model.Without(ModelPart.TransformerWeights | ModelPart.TextEncoder | ModelPart.Tokenizer)
    );

    /// <summary>A text's embedding.</summary>
    public string ForText(ReadOnlySpan<int> ids) => Digest("text", _text.Value, string.Join(' ', ids.ToArray()));

    /// <summary>What a plan's images become: the pixels, where they go, the clip's size and the tiles decide it.</summary>
    public string ForImages(GenerationPlan plan) =>
        Digest(
            "images",
            _images.Value,
            $"{plan.Latents} {plan.Settings.Width}x{plan.Settings.Height} {plan.VaeTiles}",
            $"encoder {plan.Encoder?.Identity}",
            ControlOf(plan),
            string.Join(
                '\n',
                plan.GivenFrames.OrderBy(given => given.Key)
                    .Select(given =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{given.Key} {given.Value.Width}x{given.Value.Height} {Digests.OfBytes(given.Value.Pixels)}"
                        )
                    )
            )
        );

    /// <summary>What a clip follows: files by their digests, and all that decides which of their pixels are seen.</summary>
    private static string ControlOf(GenerationPlan plan)
    {
        if (plan.Control is not { } control)
        {
            return "";
        }

        var settings = plan.Settings;
        var files = new[] { settings.Control, settings.Mask }.Concat(settings.References ?? []);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"control of {settings.Frames} at {settings.ModelFps} in {control.Place}, {control.Source}, hidden {control.IsHidden}, "
                + $"keeps {control.Keeps}\n{string.Join('\n', files.Select(Of))}"
        );

        static string Of(UsedClip? file) => file is null ? "none" : $"{file.Sha256} {file.Requested[file.Name.Length..]}";
    }

    private string Digest(string kind, params IEnumerable<string> parts) =>
        Digests.OfParts([kind, $"version {Version}", executable, .. parts]);
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using WanSharp.Engine.Planning;
using WanSharp.Models;

namespace WanSharp.Engine.Features;

/// <summary>Names features by all that decides them: the networks' files, what is fed to them, and what executes them.</summary>
/// <param name="model">The model.</param>
/// <param name="executable">Provider, runtime and threads: other ones round otherwise, and a clip's bits are promised.</param>
internal sealed class FeatureKeys(WanModel model, string executable)
{
    // Of the preparation and of the bytes' format: to be raised when either changes.
    private const int Version = 1;

    private readonly Lazy<string> _textEncoder = new(() => model.TextEncoderDigest);
    private readonly Lazy<string> _imageEncoders = new(() => model.ImageEncodersDigest);

    /// <summary>A text's embedding.</summary>
    public string ForText(ReadOnlySpan<int> ids) => Digest("text", _textEncoder.Value, string.Join(' ', ids.ToArray()));

    /// <summary>What a plan's images become: the pixels, where they go, the clip's size and the tiles decide it.</summary>
    public string ForImages(GenerationPlan plan) => Digest(
        "images",
        _imageEncoders.Value,
        $"{model.Transformer.ModelType} {plan.Latents} {plan.Settings.Width}x{plan.Settings.Height} {plan.VaeTiles}",
        string.Join('\n', plan.GivenFrames.OrderBy(given => given.Key).Select(given => string.Create(
            CultureInfo.InvariantCulture, $"{given.Key} {given.Value.Width}x{given.Value.Height} {Convert.ToHexStringLower(SHA256.HashData(given.Value.Pixels))}"))));

    private string Digest(string kind, params string[] parts) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', [kind, $"version {Version}", executable, .. parts]))));
}

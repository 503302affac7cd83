using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Decoding;

/// <summary>
/// Whether frames are decoded, and given images encoded, in tiles: as memory asks for, never, or always in tiles of a size.
/// </summary>
public sealed record VaeTileChoice
{
    // The weights of the networks and the page cache want the rest.
    private const int ShareOfMemory = 2;

    private static readonly int[] AutomaticSizes = [48, 32, 24]; // positions of the latents

    private readonly (int Width, int Height)? _pixels;
    private readonly bool _isAuto;

    private VaeTileChoice(bool isAuto, (int Width, int Height)? pixels) => (_isAuto, _pixels) = (isAuto, pixels);

    /// <summary>Whether memory decides.</summary>
    internal bool IsAuto => _isAuto;

    /// <summary>Tiles where whole frames would take more than half of the memory that the process may have.</summary>
    public static VaeTileChoice Auto { get; } = new(isAuto: true, pixels: null);

    /// <summary>Whole frames, whatever they take.</summary>
    public static VaeTileChoice Off { get; } = new(isAuto: false, pixels: null);

    /// <summary>Tiles of at most this size in pixels; a frame that fits in one is decoded whole.</summary>
    public static VaeTileChoice Of(int width, int height) => new(isAuto: false, (width, height));

    /// <summary>Reads a choice as it is written on a command line: auto, off, or a width and height in pixels.</summary>
    /// <returns>Null for anything else.</returns>
    public static VaeTileChoice? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text switch
        {
            "auto" => Auto,
            "off" => Off,
            _ => SettingTexts.TryParseSize(text, out var size) ? Of(size.Width, size.Height) : null,
        };
    }

    /// <summary>As it is written on a command line: auto, off, or a width and height in pixels.</summary>
    public override string ToString() =>
        _isAuto ? "auto"
        : _pixels is { } pixels ? $"{pixels.Width}x{pixels.Height}"
        : "off";

    /// <summary>The tiles for a clip, or none.</summary>
    /// <param name="vae">The network.</param>
    /// <param name="latents">[1, channels, frames, height, width].</param>
    /// <param name="memory">The memory that the process may have, in bytes.</param>
    /// <param name="stepBytes">What a step on a frame or tile takes, by its positions down and across.</param>
    /// <exception cref="InvalidRequestException">The size asked for is too small to be a tile.</exception>
    internal VaeTiling? For(VaeConfig vae, Shape latents, long memory, Func<long, long, long> stepBytes)
    {
        ArgumentNullException.ThrowIfNull(vae);
        VaeTiling? tiling = null;
        if (_pixels is { } pixels)
        {
            try
            {
                tiling = new VaeTiling(pixels.Width / vae.SpatialStride, pixels.Height / vae.SpatialStride);
            }
            catch (ArgumentOutOfRangeException)
            {
                throw new InvalidRequestException(
                    "VAE tile",
                    $"{pixels.Width}x{pixels.Height} pixels is too small: at least {6 * vae.SpatialStride}x{6 * vae.SpatialStride}."
                );
            }
        }
        else if (_isAuto && stepBytes(latents[3], latents[4]) > memory / ShareOfMemory)
        {
            var size = AutomaticSizes.FirstOrDefault(size => stepBytes(size, size) <= memory / ShareOfMemory, AutomaticSizes[^1]);
            tiling = new VaeTiling(size, size);
        }

        return tiling?.Count(latents[3], latents[4]) > 1 ? tiling : null;
    }
}

using SkiaSharp;

namespace WanSharp.Media.Images;

/// <summary>
/// Decodes pictures with Skia, to the same values as Pillow's <c>convert("RGB")</c>: colours as they are stored, whatever the
/// colour profile; transparency dropped, not blended; of 16 bits the upper 8. Not thread-safe.
/// </summary>
internal sealed class SkiaPicture : IDisposable
{
    private const int Channels = 4;
    private const double Unsaid = 0.1; // seconds

    private readonly SKData _data;
    private readonly SKCodec _codec;
    private readonly string _purpose;

    private SkiaPicture(SKData data, SKCodec codec, string purpose) => (_data, _codec, _purpose) = (data, codec, purpose);

    /// <summary>Pixels in a row.</summary>
    public int Width => _codec.Info.Width;

    /// <summary>Rows.</summary>
    public int Height => _codec.Info.Height;

    /// <summary>How many frames there are: 1 for a still picture.</summary>
    public int Frames => Math.Max(1, _codec.FrameCount);

    /// <summary>
    /// For how many seconds each frame is shown. One that says nothing is shown for a tenth of a second, as ffmpeg and browsers do.
    /// </summary>
    public IEnumerable<double> Durations =>
        Frames == 1 ? [Unsaid] : _codec.FrameInfo.Select(frame => frame.Duration > 0 ? frame.Duration / 1000.0 : Unsaid);

    /// <summary>Opens a picture; reads no pixels.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="purpose">How messages begin: <c>x cannot be read as a picture</c>.</param>
    /// <exception cref="MediaException">It is none, or has too many pixels.</exception>
    public static SkiaPicture Open(ReadOnlySpan<byte> file, string purpose)
    {
        var data = SKData.CreateCopy(file);
        if (SKCodec.Create(data) is not { } codec)
        {
            data.Dispose();
            throw new MediaException($"{purpose}: its header is damaged, or it ends early.");
        }

        var picture = new SkiaPicture(data, codec, purpose);
        if ((long)picture.Width * picture.Height <= RgbImage.MaxPixels)
        {
            return picture;
        }

        using (picture)
        {
            throw new MediaException(
                $"{purpose}: it has {picture.Width}×{picture.Height} pixels, and {RgbImage.MaxPixels} are read at most."
            );
        }
    }

    /// <summary>Decodes the first frame.</summary>
    /// <param name="background">The colour where there is no frame: red, green, blue.</param>
    /// <exception cref="MediaException">It ends early, or is damaged.</exception>
    public RgbImage DecodeFirst((byte Red, byte Green, byte Blue) background = default)
    {
        var pixels = new byte[checked(Width * Height * Channels)];
        Decode(pixels, frame: 0);
        return new RgbImage(Width, Height, WithoutAlpha(pixels, background));
    }

    /// <summary>Decodes all frames of an animation, one at a time.</summary>
    /// <exception cref="MediaException">One ends early, or is damaged.</exception>
    public IEnumerable<RgbImage> DecodeAll()
    {
        var canvas = new byte[checked(Width * Height * Channels)];
        for (var frame = 0; frame < Frames; frame++)
        {
            Decode(canvas, frame);
            yield return new RgbImage(Width, Height, WithoutAlpha([.. canvas], default));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _codec.Dispose();
        _data.Dispose();
    }

    /// <summary>Decodes a frame over the one before it, which the buffer holds.</summary>
    private unsafe void Decode(byte[] pixels, int frame)
    {
        var info = new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        fixed (byte* first = pixels)
        {
            var result = _codec.GetPixels(info, (nint)first, frame == 0 ? new SKCodecOptions(0) : new SKCodecOptions(frame, frame - 1));
            if (result != SKCodecResult.Success)
            {
                throw new MediaException($"{_purpose}: {Reason(result)}");
            }
        }
    }

    private static string Reason(SKCodecResult result) =>
        result switch
        {
            SKCodecResult.IncompleteInput => "it ends early. Is it complete?",
            SKCodecResult.ErrorInInput => "its pixels are damaged, or end early.",
            SKCodecResult.InvalidInput => "it is damaged.",
            _ => $"Skia reports {result}.",
        };

    /// <summary>Moves the pixels together in their own buffer: [height, width, 4] to [height, width, 3].</summary>
    private byte[] WithoutAlpha(byte[] pixels, (byte Red, byte Green, byte Blue) background)
    {
        var hasBackground = background != default;
        for (int from = 0, to = 0; from < pixels.Length; from += Channels, to += 3)
        {
            (pixels[to], pixels[to + 1], pixels[to + 2]) =
                hasBackground && pixels[from + 3] == 0 ? background : (pixels[from], pixels[from + 1], pixels[from + 2]);
        }

        Array.Resize(ref pixels, Width * Height * 3);
        return pixels;
    }
}

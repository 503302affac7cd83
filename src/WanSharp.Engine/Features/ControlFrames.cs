using WanSharp.Engine.Planning;
using WanSharp.Media.Images;

namespace WanSharp.Engine.Features;

/// <summary>What a clip follows, in its own size: a picture for each of its frames, and what of it is made anew.</summary>
internal sealed class ControlFrames
{
    /// <summary>In a mask: the pixel stays as it is. What lies between is for the network to see, and is divided by
    /// <see cref="IsMade"/>.</summary>
    public const byte Kept = 0;

    /// <summary>In a mask: the pixel is made anew.</summary>
    public const byte Made = 255;

    private readonly byte[]?[] _pictures;
    private readonly byte[]?[] _masks;

    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="count">Frames.</param>
    public ControlFrames(int width, int height, int count) =>
        (Width, Height, _pictures, _masks) = (width, height, new byte[]?[count], new byte[]?[count]);

    public int Width { get; }

    public int Height { get; }

    public int Count => _pictures.Length;

    /// <summary>Where pixels are made anew after what is there, and elsewhere after nothing; null for everywhere.</summary>
    public FrameRect? Followed { get; init; }

    /// <summary>Pictures of what the clip shows, in its size.</summary>
    public List<RgbImage> References { get; } = [];

    /// <summary>The reference picture as it came, which CLIP sees; null for none.</summary>
    public RgbImage? Shown { get; set; }

    /// <summary>How many frames show something before the first that does not.</summary>
    public int Filled => Array.FindIndex(_pictures, picture => picture is null) is var first and >= 0 ? first : Count;

    /// <summary>Whether any frame shows something.</summary>
    public bool IsEmpty => Array.TrueForAll(_pictures, picture => picture is null);

    /// <summary>Red, green and blue of a frame's pixels, row by row; null for grey, all of which is made anew.</summary>
    public byte[]? PictureOf(int frame) => _pictures[frame];

    /// <summary>What becomes of each pixel of a frame, row by row; null where all are <see cref="Made"/>.</summary>
    public byte[]? MaskOf(int frame) => _masks[frame];

    /// <summary>Whether a pixel is made anew, as the official code divides masks: above a half.</summary>
    /// <param name="mask">The mask's value there.</param>
    public static bool IsMade(byte mask) => mask > byte.MaxValue / 2;

    /// <summary>Says what a frame shows.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="picture">[height, width, 3].</param>
    /// <param name="mask">[height, width]; null where all is <see cref="Made"/>.</param>
    public void Set(int frame, byte[] picture, byte[]? mask) => (_pictures[frame], _masks[frame]) = (picture, mask);
}

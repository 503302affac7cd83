using WanSharp.Media.Clips;

namespace WanSharp.Tools.Quality;

/// <summary>Compares pictures of one size. For one thread at a time: it keeps its buffers.</summary>
/// <remarks>Similarities are computed for red, green and blue, and averaged; <see cref="SimilarityWindow"/> has the formula.</remarks>
public sealed class FrameComparer
{
    /// <summary>The window's side: the least width and height of a picture.</summary>
    public const int WindowLength = SimilarityWindow.Length;

    private const int Channels = 3;

    private readonly SimilarityWindow _window = new();
    private readonly MultiScaleSimilarity _scales;
    private readonly int _width;
    private readonly int _height;
    private readonly float[][] _actual = new float[Channels][]; // [height, width] each
    private readonly float[][] _expected = new float[Channels][];

    /// <summary>A comparer for pictures of one size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The pictures are smaller than the window.</exception>
    public FrameComparer(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, WindowLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, WindowLength);
        (_width, _height) = (width, height);
        _scales = new MultiScaleSimilarity(_window);
        for (var channel = 0; channel < Channels; channel++)
        {
            (_actual[channel], _expected[channel]) = (new float[width * height], new float[width * height]);
        }
    }

    /// <summary>For the frames of clips as they are in their files, which may be larger than what a model makes.</summary>
    internal static FrameComparer For(ClipFormat format) => new(format.Width, format.Height);

    /// <summary>Whether the pictures are large enough for MS-SSIM.</summary>
    public bool HasScales => Math.Min(_width, _height) >= MultiScaleSimilarity.LeastLength;

    /// <summary>Compares two pictures.</summary>
    /// <param name="actual">Red, green and blue of each pixel, row by row.</param>
    /// <param name="expected">The other, alike.</param>
    /// <exception cref="ArgumentException">A picture is of another size.</exception>
    public FrameQuality Compare(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected)
    {
        Split(actual, _actual);
        Split(expected, _expected);
        var squares = 0L;
        for (var i = 0; i < actual.Length; i++)
        {
            var difference = actual[i] - expected[i];
            squares += difference * difference;
        }

        var ssim = 0.0;
        for (var channel = 0; channel < Channels; channel++)
        {
            ssim += _window.Compare(_actual[channel], _expected[channel], _width).Similarity;
        }

        return new FrameQuality((double)squares / (Channels * _width * _height), ssim / Channels);
    }

    /// <summary>MS-SSIM of the two pictures that were compared last.</summary>
    /// <exception cref="InvalidOperationException">They are too small: see <see cref="HasScales"/>.</exception>
    public double CompareScales() =>
        HasScales
            ? _actual.Zip(_expected, (a, b) => _scales.Compare(a, b, _width)).Average()
            : throw new InvalidOperationException($"MS-SSIM needs {MultiScaleSimilarity.LeastLength} pixels a side.");

    /// <summary>
    /// The SSIM of two changes, from one picture to the next: flicker that only one clip has lowers it, whatever the pictures show.
    /// </summary>
    /// <param name="actual">A picture and the one before it.</param>
    /// <param name="expected">The other clip's.</param>
    /// <exception cref="ArgumentException">A picture is of another size.</exception>
    public double CompareChanges((byte[] Before, byte[] After) actual, (byte[] Before, byte[] After) expected)
    {
        Subtract(actual, _actual);
        Subtract(expected, _expected);
        return _actual.Zip(_expected, (a, b) => _window.Compare(a, b, _width).Similarity).Average();
    }

    private void Subtract((byte[] Before, byte[] After) change, float[][] planes)
    {
        Check(change.Before);
        Check(change.After);
        for (var i = 0; i < change.After.Length; i++)
        {
            planes[i % Channels][i / Channels] = change.After[i] - change.Before[i];
        }
    }

    private void Split(ReadOnlySpan<byte> picture, float[][] planes)
    {
        Check(picture);
        var (red, green, blue) = (planes[0], planes[1], planes[2]);
        for (int i = 0, pixel = 0; i < picture.Length; i += Channels, pixel++)
        {
            (red[pixel], green[pixel], blue[pixel]) = (picture[i], picture[i + 1], picture[i + 2]);
        }
    }

    private void Check(ReadOnlySpan<byte> picture)
    {
        var length = Channels * _width * _height;
        if (picture.Length != length)
        {
            throw new ArgumentException($"Pictures of {_width}x{_height} take {length} bytes; this has {picture.Length}.", nameof(picture));
        }
    }
}

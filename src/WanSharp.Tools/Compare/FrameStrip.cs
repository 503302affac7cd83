using WanSharp.Media.Images;

namespace WanSharp.Tools.Compare;

/// <summary>
/// Frames of two clips side by side, one above the other, and below them what differs, four times as strong around a middle gray.
/// </summary>
public sealed class FrameStrip
{
    private const int Most = 8;
    private const int Rows = 3;
    private const int Gain = 4;
    private const int MostWidth = 240;
    private const int Quality = 88;
    private const int Channels = 3;

    private readonly List<(int Place, RgbImage Column)> _columns = [];
    private int _stride = 1;

    /// <summary>Which frames it shows, from 0: evenly spaced ones, the first among them.</summary>
    public IReadOnlyList<int> Places => [.. _columns.Select(column => column.Place)];

    /// <summary>Takes a pair of frames; the strip keeps some, whatever their number.</summary>
    /// <param name="place">Its place in the clips, from 0, in order.</param>
    /// <param name="actual">The frame of the clip that is judged.</param>
    /// <param name="expected">The frame of the other.</param>
    public void Add(int place, RgbImage actual, RgbImage expected)
    {
        ArgumentNullException.ThrowIfNull(actual);
        ArgumentNullException.ThrowIfNull(expected);
        if (place % _stride != 0)
        {
            return;
        }

        _columns.Add((place, Column(actual, expected)));
        if (_columns.Count > Most)
        {
            _stride *= 2;
            _columns.RemoveAll(column => column.Place % _stride != 0);
        }
    }

    /// <summary>The strip as WebP; null if no frame was taken.</summary>
    public byte[]? ToWebp()
    {
        if (_columns.Count == 0)
        {
            return null;
        }

        var (width, height) = (_columns.Sum(one => one.Column.Width), _columns[0].Column.Height);
        var pixels = new byte[width * height * Channels];
        var left = 0;
        foreach (var (_, column) in _columns)
        {
            for (var y = 0; y < height; y++)
            {
                column
                    .Pixels.AsSpan(y * column.Width * Channels, column.Width * Channels)
                    .CopyTo(pixels.AsSpan(((y * width) + left) * Channels));
            }

            left += column.Width;
        }

        return PictureBytes.Webp(new RgbImage(width, height, pixels), Quality);
    }

    private static RgbImage Column(RgbImage actual, RgbImage expected)
    {
        var factor = (actual.Width + MostWidth - 1) / MostWidth; // a whole one: every pixel is one that was there
        var (width, height) = (actual.Width / factor, actual.Height / factor);
        var pixels = new byte[width * height * Rows * Channels];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width * Channels; x++)
            {
                var from = (y * factor * actual.Width * Channels) + (x / Channels * factor * Channels) + (x % Channels);
                var to = (y * width * Channels) + x;
                var (one, other) = (actual.Pixels[from], expected.Pixels[from]);
                pixels[to] = one;
                pixels[to + (height * width * Channels)] = other;
                pixels[to + (2 * height * width * Channels)] = (byte)Math.Clamp(128 + (Gain * (one - other)), 0, 255);
            }
        }

        return new RgbImage(width, height * Rows, pixels);
    }
}

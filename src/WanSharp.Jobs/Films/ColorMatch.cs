using WanSharp.Media.Images;

namespace WanSharp.Jobs.Films;

/// <summary>Gives the frames of a clip the colours of the one that it continues. Immutable.</summary>
internal sealed class ColorMatch
{
    private const int Levels = 256;

    private readonly byte[]? _table; // [colour, level]

    private ColorMatch(byte[]? table) => _table = table;

    /// <summary>Leaves frames as they are.</summary>
    public static ColorMatch None { get; } = new(table: null);

    /// <summary>Maps each level of a colour.</summary>
    /// <param name="level">The new level of a colour's level; it is rounded and cut to a byte.</param>
    public static ColorMatch Of(Func<int, int, double> level)
    {
        var table = new byte[ColorMeasure.Colors * Levels];
        for (var i = 0; i < table.Length; i++)
        {
            table[i] = (byte)Math.Clamp(Math.Round(level(i / Levels, i % Levels)), 0, Levels - 1);
        }

        return new ColorMatch(table);
    }

    /// <summary>The frame in those colours.</summary>
    public RgbImage Apply(RgbImage frame)
    {
        if (_table is null)
        {
            return frame;
        }

        var pixels = new byte[frame.Pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = _table[(i % ColorMeasure.Colors * Levels) + frame.Pixels[i]];
        }

        return frame with
        {
            Pixels = pixels,
        };
    }
}

using System.Globalization;
using System.Text;
using WanSharp.Media.Images;

namespace WanSharp.Cli.Terminal.Pictures;

/// <summary>A picture as the text that makes a terminal show it, in a number of its cells.</summary>
/// <remarks>Sources: the protocols' own pages: sw.kovidgoyal.net/kitty/graphics-protocol, iterm2.com/documentation-images.html, and
/// DEC's VT3xx manual for sixel.</remarks>
internal static class TerminalPicture
{
    private const char Escape = '\e';
    private const int Levels = 6; // of each colour, in sixel's palette
    private const int Band = 6; // rows of pixels that a sixel holds
    private const int KittyChunk = 4096; // the protocol's

    /// <summary>The protocol that a terminal understands, by its environment variables.</summary>
    /// <param name="variable">Reads an environment variable; null when it is not set.</param>
    public static PictureProtocol Detect(Func<string, string?> variable)
    {
        var (term, program) = (variable("TERM") ?? "", variable("TERM_PROGRAM") ?? "");
        return variable("KITTY_WINDOW_ID") is not null || term is "xterm-kitty" or "xterm-ghostty" || program == "ghostty"
                ? PictureProtocol.Kitty
            : program is "iTerm.app" or "WezTerm" or "vscode" || variable("LC_TERMINAL") == "iTerm2" ? PictureProtocol.Iterm2
            : term.StartsWith("foot", StringComparison.Ordinal)
            || term.StartsWith("mlterm", StringComparison.Ordinal)
            || term.StartsWith("contour", StringComparison.Ordinal)
            || term.Contains("sixel", StringComparison.Ordinal)
                ? PictureProtocol.Sixel
            : PictureProtocol.HalfBlocks;
    }

    /// <summary>The text; the cursor ends where it likes.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="protocol">How.</param>
    /// <param name="columns">Cells across.</param>
    /// <param name="rows">Cells down.</param>
    public static string Of(RgbImage picture, PictureProtocol protocol, int columns, int rows) =>
        protocol switch
        {
            PictureProtocol.Kitty => Kitty(picture, columns, rows),
            PictureProtocol.Iterm2 => Iterm2(picture, columns, rows),
            PictureProtocol.Sixel => Sixel(picture),
            _ => HalfBlocks(picture, columns, rows),
        };

    /// <summary>The upper half of a cell is its character's colour, the lower half its background.</summary>
    private static string HalfBlocks(RgbImage picture, int columns, int rows)
    {
        var text = new StringBuilder();
        for (var row = 0; row < rows; row++)
        {
            text.Append(row > 0 ? "\r\n" : "");
            for (var column = 0; column < columns; column++)
            {
                var (above, below) = (At(2 * row), At((2 * row) + 1));
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{Escape}[38;2;{above[0]};{above[1]};{above[2]};48;2;{below[0]};{below[1]};{below[2]}m▀"
                );

                byte[] At(int line)
                {
                    var (x, y) = (column * picture.Width / columns, line * picture.Height / (2 * rows));
                    return picture.Pixels[(3 * ((y * picture.Width) + x))..][..3];
                }
            }

            text.Append(Escape).Append("[0m");
        }

        return text.ToString();
    }

    private static string Kitty(RgbImage picture, int columns, int rows)
    {
        var data = Convert.ToBase64String(picture.Pixels);
        var text = new StringBuilder();
        for (var start = 0; start < data.Length; start += KittyChunk)
        {
            var more = start + KittyChunk < data.Length ? 1 : 0;
            var keys =
                start == 0
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"a=T,f=24,i=1,q=2,C=1,s={picture.Width},v={picture.Height},c={columns},r={rows},m={more}"
                    )
                    : string.Create(CultureInfo.InvariantCulture, $"m={more}");
            text.Append(Escape).Append("_G").Append(keys).Append(';').Append(data, start, Math.Min(KittyChunk, data.Length - start));
            text.Append(Escape).Append('\\');
        }

        return text.ToString();
    }

    private static string Iterm2(RgbImage picture, int columns, int rows)
    {
        var file = BitmapFile.Of(picture);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Escape}]1337;File=inline=1;size={file.Length};width={columns};height={rows};preserveAspectRatio=0:"
                + $"{Convert.ToBase64String(file)}\a"
        );
    }

    /// <summary>Bands of six rows; in each, for every colour of the palette that is in it, a line of sixels.</summary>
    private static string Sixel(RgbImage picture)
    {
        var text = new StringBuilder();
        text.Append(Escape).Append("P0;1q").Append(CultureInfo.InvariantCulture, $"\"1;1;{picture.Width};{picture.Height}");
        var indices = Indices(picture);
        foreach (var color in indices.Distinct().Order())
        {
            var (red, green, blue) = (color / (Levels * Levels), color / Levels % Levels, color % Levels);
            text.Append(CultureInfo.InvariantCulture, $"#{color};2;{Percent(red)};{Percent(green)};{Percent(blue)}");
        }

        for (var top = 0; top < picture.Height; top += Band)
        {
            var band = indices.AsSpan(top * picture.Width, Math.Min(Band, picture.Height - top) * picture.Width).ToArray();
            foreach (var color in band.Distinct().Order())
            {
                text.Append(CultureInfo.InvariantCulture, $"#{color}");
                AppendLine(text, band, picture.Width, color);
                text.Append('$'); // back to the band's beginning
            }

            text.Append('-');
        }

        return text.Append(Escape).Append('\\').ToString();

        static int Percent(int level) => level * 100 / (Levels - 1);
    }

    /// <summary>One colour's sixels of a band, repetitions counted.</summary>
    private static void AppendLine(StringBuilder text, int[] band, int width, int color)
    {
        var (last, count) = (-1, 0);
        for (var x = 0; x <= width; x++)
        {
            var bits = -1;
            if (x < width)
            {
                bits = 0;
                for (var y = 0; y < band.Length / width; y++)
                {
                    bits |= band[(y * width) + x] == color ? 1 << y : 0;
                }
            }

            if (bits == last)
            {
                count++;
                continue;
            }

            if (count > 0)
            {
                var sixel = (char)('?' + last);
                _ = count > 3 ? text.Append(CultureInfo.InvariantCulture, $"!{count}{sixel}") : text.Append(sixel, count);
            }

            (last, count) = (bits, 1);
        }
    }

    private static int[] Indices(RgbImage picture)
    {
        var indices = new int[picture.Width * picture.Height];
        for (var i = 0; i < indices.Length; i++)
        {
            var pixel = picture.Pixels.AsSpan(3 * i, 3);
            indices[i] = (((Level(pixel[0]) * Levels) + Level(pixel[1])) * Levels) + Level(pixel[2]);
        }

        return indices;

        static int Level(byte value) => ((value * (Levels - 1)) + 127) / 255;
    }
}

using System.Globalization;
using System.Text;
using WanSharp.Engine;
using WanSharp.Media.Images;

namespace WanSharp.Cli.Terminal.Pictures;

/// <summary>Shows each preview in a terminal, above the line of progress: some frames in a row, in the place of the last ones.</summary>
/// <param name="environment">The terminal.</param>
/// <param name="protocol">How it shows pictures.</param>
internal sealed class PreviewScreen(CliEnvironment environment, PictureProtocol protocol)
{
    private const int MostFrames = 4;
    private const int MostRows = 12;
    private const int CellHeight = 16; // pixels of a cell, where sixel needs a guess; a cell is half as wide
    private int _rows;

    public ValueTask ShowAsync(PreviewFrames preview, CancellationToken cancellationToken)
    {
        var count = Math.Min(MostFrames, preview.Frames.Count);
        var frames = Enumerable
            .Range(0, count)
            .Select(i => preview.Frames[count == 1 ? 0 : i * (preview.Frames.Count - 1) / (count - 1)])
            .Select(pixels => new RgbImage(preview.Width, preview.Height, pixels))
            .ToList();
        var row = Enlarged.Row(frames);
        var (columns, rows) = Cells(row, environment.Columns() - 1);
        var picture = protocol == PictureProtocol.Sixel ? Enlarged.Of(row, Math.Max(1, rows * CellHeight / row.Height)) : row;
        var text = new StringBuilder("\r\e[K");
        if (_rows == 0)
        {
            _rows = rows;
            text.Append('\n', rows); // room above the line of progress
        }

        text.Append(CultureInfo.InvariantCulture, $"\e[{_rows}A\e7");
        text.Append(TerminalPicture.Of(picture, protocol, columns, Math.Min(rows, _rows)));
        text.Append(CultureInfo.InvariantCulture, $"\e8\e[{_rows}B\r");
        environment.Error.Write(text.ToString());
        return ValueTask.CompletedTask;
    }

    /// <summary>The cells that a picture takes, which are twice as high as wide.</summary>
    private static (int Columns, int Rows) Cells(RgbImage picture, int most)
    {
        var rows = Math.Clamp(most * picture.Height / picture.Width / 2, 1, MostRows);
        return (Math.Clamp(2 * rows * picture.Width / picture.Height, 1, Math.Max(1, most)), rows);
    }
}

using System.Text;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>Where the tokens of a JSON text are, asked for in their order.</summary>
/// <param name="text">The text.</param>
/// <param name="bytes">The same in UTF-8, as the reader has it.</param>
/// <param name="firstLine">The number of its first line.</param>
internal sealed class JsonPlaces(string text, byte[] bytes, int firstLine)
{
    private readonly TextLines _lines = new(text);
    private int _seen;
    private int _offset;

    /// <summary>The line and column of a token, from 1.</summary>
    /// <param name="at">Where it begins, in bytes; not before the one asked for last.</param>
    public (int Line, int Column) Of(long at)
    {
        _offset += Encoding.UTF8.GetCharCount(bytes.AsSpan(_seen, (int)at - _seen));
        _seen = (int)at;
        var (line, column) = _lines.PlaceOf(_offset);
        return (firstLine + line - 1, column);
    }
}

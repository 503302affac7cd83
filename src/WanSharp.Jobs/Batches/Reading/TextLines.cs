namespace WanSharp.Jobs.Batches.Reading;

/// <summary>The lines of a text, whether they end in LF, CR LF, or CR alone.</summary>
internal sealed class TextLines
{
    private readonly string _text;
    private readonly List<int> _starts = [0];

    public TextLines(string text)
    {
        _text = text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
            {
                _starts.Add(i + 1);
            }
        }
    }

    /// <summary>Each line of a text with its number, from 1, and without its end, as it is asked for.</summary>
    public static IEnumerable<(int Number, string Text)> Of(string text)
    {
        for (var (number, start) = (1, 0); start <= text.Length; number++)
        {
            var length = text.AsSpan(start).IndexOfAny('\n', '\r');
            var end = length < 0 ? text.Length : start + length;
            yield return (number, text[start..end]);
            start = end + (end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
        }
    }

    /// <summary>The line and column of an offset, both from 1; columns count UTF-16 characters, as editors do.</summary>
    public (int Line, int Column) PlaceOf(int offset)
    {
        var found = _starts.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        return (line + 1, offset - _starts[line] + 1);
    }
}

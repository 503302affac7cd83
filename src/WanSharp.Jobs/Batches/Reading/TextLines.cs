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

    /// <summary>Each line with its number, from 1, and without its end.</summary>
    public IEnumerable<(int Number, string Text)> All()
    {
        for (var i = 0; i < _starts.Count; i++)
        {
            var end = i + 1 < _starts.Count ? _starts[i + 1] : _text.Length;
            yield return (i + 1, _text[_starts[i]..end].TrimEnd('\r', '\n'));
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

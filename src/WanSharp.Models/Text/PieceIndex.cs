namespace WanSharp.Models.Text;

/// <summary>Finds the pieces that a text begins with.</summary>
/// <remarks>The pieces are kept in byte order; with each further byte of the text, a binary search narrows the range of those
/// that still agree. No text makes this slow, unlike a hash table.</remarks>
internal sealed class PieceIndex
{
    private readonly byte[][] _texts;
    private readonly int[] _ids;

    /// <summary>Indexes the pieces of the wanted types.</summary>
    /// <exception cref="InvalidDataException">Two of them have the same text.</exception>
    public PieceIndex(IReadOnlyList<Piece> pieces, Predicate<PieceType> isWanted)
    {
        _ids = [.. Enumerable.Range(0, pieces.Count).Where(id => isWanted(pieces[id].Type))];
        Array.Sort(_ids, (left, right) => pieces[left].Text.AsSpan().SequenceCompareTo(pieces[right].Text));
        _texts = [.. _ids.Select(id => pieces[id].Text)];
        for (var i = 1; i < _ids.Length; i++)
        {
            if (_texts[i].AsSpan().SequenceEqual(_texts[i - 1]))
            {
                throw new InvalidDataException($"Pieces {_ids[i - 1]} and {_ids[i]} have the same text.");
            }
        }
    }

    /// <summary>The pieces that are prefixes of a text, shortest first.</summary>
    public Prefixes In(ReadOnlySpan<byte> text) => new(this, text);

    /// <summary>Enumerates the pieces that a text begins with.</summary>
    internal ref struct Prefixes(PieceIndex index, ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _first;
        private int _end = index._texts.Length;

        /// <summary>How many bytes the current piece covers.</summary>
        public int Length { get; private set; }

        /// <summary>The current piece.</summary>
        public readonly int Id => index._ids[_first];

        /// <summary>Goes on to the next longer piece.</summary>
        public bool MoveNext()
        {
            while (Length < _text.Length && _first < _end)
            {
                var next = _text[Length];
                _first = FirstNotBelow(next);
                _end = next == byte.MaxValue ? _end : FirstNotBelow(next + 1);
                Length++;
                if (_first < _end && index._texts[_first].Length == Length)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>The first piece of the range whose byte after the common ones is at least <paramref name="value"/>.</summary>
        private readonly int FirstNotBelow(int value)
        {
            int low = _first,
                high = _end;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                var piece = index._texts[middle];
                if (piece.Length > Length && piece[Length] >= value)
                {
                    high = middle;
                }
                else
                {
                    low = middle + 1;
                }
            }

            return low;
        }
    }
}

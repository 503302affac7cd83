using System.Buffers;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// Finds what stands where a download has not been written yet, or went wrong. A network has rows of zeros at most, which begin and end
/// with a row; what is looked for is a whole vector, and anything else in a matrix that is longer than two of its rows, and one byte
/// again and again, or the text of a server's page, in the middle of numbers.
/// </summary>
internal static class ZeroedParts
{
    private const int PartBytes = 1 << 18; // no row is longer that matters, and what is longer is a hole wherever it begins
    private const int SmallestMatrix = 1 << 12;
    private const int SmallestHole = 1 << 12; // a page, a bad sector; what tools download at once is longer
    private const int SmallestVector = 16;
    private const int ProbeBytes = 16;

    // Half of all numbers are below zero, so that of the first bytes of some hundreds half are no text, and no two need be alike.
    private const int SmallestOther = 512;
    private const int OtherStep = SmallestOther / 2;
    private const byte MinusZero = 0x80; // of 8-bit floats that were too small; rows that are off may be full of it

    // Of a norm's factors those of a head that was switched off are zero, a sixth of all at most.
    private const int LeastZeroFactors = 16;
    private const int ZeroShare = 4;

    // Inputs or heads that a training or a pruning switched off, and the zeros by chance of the rows around them.
    private const int MostDeadRows = 16;
    private const int MostByChance = 32;

    // A table of words has rows for words that no text has, which may be zero.
    private const int MostRows = 1 << 16;
    private const int TablePartBytes = 1 << 22;

    /// <summary>Refuses a weight of which a part is zero.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The weight.</param>
    /// <param name="weight">Its elements as they are stored.</param>
    /// <param name="step">
    /// 1 looks at all of it, page by page. Otherwise one of every this many parts of 256 KiB is looked at, and the last one.
    /// </param>
    /// <exception cref="CheckpointException">A part is zero.</exception>
    public static void Refuse(string path, string name, Tensor weight, int step = 1)
    {
        if (weight.Shape.Dims.ToArray().Count(dim => dim > 1) < 2)
        {
            RefuseVector(path, name, weight);
            return;
        }

        if (weight.ByteLength < SmallestMatrix)
        {
            return;
        }

        if (step == 1 && weight.Shape[0] <= MostRows)
        {
            RefuseHoles(path, name, weight);
            RefuseOthers(path, name, weight);
            return;
        }

        var partBytes = weight.Shape[0] > MostRows ? TablePartBytes : PartBytes;
        var stride = Math.Max(partBytes, (long)step * PartBytes);
        var last = Math.Max(0, weight.ByteLength - partBytes); // a whole part, though it may begin within the one before
        for (long start = 0; start <= last; start = start == last ? start + 1 : Math.Min(start + stride, last))
        {
            var length = (int)Math.Min(partBytes, weight.ByteLength);
            if (IsZero(weight, start, length))
            {
                throw Refused(path, name, $"its {length} bytes from {start} on are all zero");
            }
        }
    }

    /// <summary>Looks for zeros at distances of which any hole has two.</summary>
    private static void RefuseHoles(string path, string name, Tensor weight)
    {
        var row = weight.ByteLength / weight.Shape.Dims.ToArray().First(dim => dim > 1);
        var most = Math.Min(Math.Clamp(2 * row, SmallestHole, PartBytes), weight.ByteLength - 1);
        var mostOfRows = Math.Min(Math.Clamp(MostDeadRows * row, most, PartBytes), weight.ByteLength - 1);
        for (long at = 0; at <= weight.ByteLength - ProbeBytes; at += most / 2)
        {
            if (!IsZero(weight, at, ProbeBytes))
            {
                continue;
            }

            var (start, end) = RunAround(weight, at);
            if (IsOfRows(start, end, row) ? end - start > mostOfRows : end - start >= most)
            {
                throw Refused(path, name, $"its {end - start} bytes from {start} on are all zero");
            }
        }
    }

    /// <summary>The zeros around one, as far as a hole has to go to be one.</summary>
    private static (long Start, long End) RunAround(Tensor weight, long at)
    {
        var from = Math.Max(0, at - (2 * PartBytes));
        var before = weight.ReadBytes(from, (int)(at - from));
        var after = weight.ReadBytes(at, (int)Math.Min(2 * PartBytes, weight.ByteLength - at));
        var length = after.IndexOfAnyExcept((byte)0);
        return (from + before.LastIndexOfAnyExcept((byte)0) + 1, at + (length < 0 ? after.Length : length));
    }

    private static bool IsOfRows(long start, long end, long row) =>
        end / row * row - (start + row - 1) / row * row is var whole && whole > 0 && end - start - whole <= MostByChance;

    /// <summary>Looks for one byte that is repeated, and for text.</summary>
    private static void RefuseOthers(string path, string name, Tensor weight)
    {
        for (long from = 0; from < weight.ByteLength; from += PartBytes - SmallestOther)
        {
            var part = weight.ReadBytes(from, (int)Math.Min(PartBytes, weight.ByteLength - from));
            for (var at = 0; at <= part.Length - ProbeBytes; at += OtherStep)
            {
                var probe = part.Slice(at, ProbeBytes);
                if (probe[0] is not (0 or MinusZero) && !probe.ContainsAnyExcept(probe[0]))
                {
                    Require(from, RunAround(part, at, SearchValues.Create(probe[..1])), $"all 0x{probe[0]:X2}");
                }

                if (!probe.ContainsAnyExcept(Text))
                {
                    Require(from, RunAround(part, at, Text), "text, as of a page that a server sent instead");
                }
            }
        }

        void Require(long from, (int Start, int End) run, string what)
        {
            if (run.End - run.Start >= SmallestOther)
            {
                throw Refused(path, name, $"its {run.End - run.Start} bytes from {from + run.Start} on are {what}");
            }
        }
    }

    private static (int Start, int End) RunAround(ReadOnlySpan<byte> part, int at, SearchValues<byte> bytes)
    {
        var length = part[at..].IndexOfAnyExcept(bytes);
        return (part[..at].LastIndexOfAnyExcept(bytes) + 1, length < 0 ? part.Length : at + length);
    }

    /// <summary>The factors of a norm are never all zero, nor many of them in a row; the terms that a layer adds may be.</summary>
    private static void RefuseVector(string path, string name, Tensor weight)
    {
        if (weight.Shape.ElementCount < SmallestVector || name.EndsWith(".bias", StringComparison.Ordinal))
        {
            return;
        }

        if (IsZero(weight, 0, (int)Math.Min(weight.ByteLength, int.MaxValue)))
        {
            throw Refused(path, name, "all of it is zero");
        }

        if (weight.DType.BlockLength() > 1 || weight.DType.ByteSize() == 1) // codes of 8 bits may well be zero
        {
            return;
        }

        var step = (int)weight.DType.ByteLength(LeastZeroFactors);
        for (long at = 0; at <= weight.ByteLength - step; at += step)
        {
            if (IsZero(weight, at, step) && RunAround(weight, at) is var (start, end) && end - start > weight.ByteLength / ZeroShare)
            {
                throw Refused(path, name, $"its {end - start} bytes from {start} on are all zero");
            }
        }
    }

    /// <summary>What pages are made of.</summary>
    private static SearchValues<byte> Text { get; } =
        SearchValues.Create([(byte)'\t', (byte)'\n', (byte)'\r', .. Enumerable.Range(' ', '~' - ' ' + 1).Select(letter => (byte)letter)]);

    private static bool IsZero(Tensor weight, long start, int length) => !weight.ReadBytes(start, length).ContainsAnyExcept((byte)0);

    private static CheckpointException Refused(string path, string name, string what) =>
        new(path, name, $"{what}: the download is not complete, or the file is damaged; download it again.");
}

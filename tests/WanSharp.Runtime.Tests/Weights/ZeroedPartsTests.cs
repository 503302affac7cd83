using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Weights;

/// <summary>What a download leaves out, or puts in its place, is told from what networks have.</summary>
public sealed class ZeroedPartsTests
{
    /// <summary>Rows of 512 bytes: a hole begins and ends anywhere, rows that a training switched off where rows do.</summary>
    [Theory]
    [InlineData(9000, 100 * 1024, true)] // a torrent's piece
    [InlineData(9000, 5000, true)]
    [InlineData(131_072 - 5000, 5000, true)] // the end
    [InlineData(0, 20 * 512, true)]
    [InlineData(9000, 3000, false)]
    [InlineData(512 * 40, 512 * 12, false)]
    [InlineData(512 * 40 - 8, 512 * 12 + 16, false)] // and zeros by chance beside them
    public void Refuse_AMatrixOfSmallRows_MeetsHolesAndNoRowsThatAreOff(int start, int length, bool isHole)
    {
        using var matrix = Tensor.Zeros(DType.BF16, [256, 256]);
        var bytes = matrix.WriteBytes(0, (int)matrix.ByteLength);
        Fill(bytes);
        bytes.Slice(start, length).Clear();
        var refused = Record.Exception(() => ZeroedParts.Refuse("t", "w.weight", matrix));
        Assert.Equal(
            isHole,
            refused is CheckpointException { Message: var message } && message.Contains("not complete", StringComparison.Ordinal)
        );
    }

    /// <summary>A server's page in the middle, and what other programs fill holes with; never numbers.</summary>
    [Theory]
    [InlineData(700, 'h', true)]
    [InlineData(700, '\xFF', true)]
    [InlineData(700, '\xAA', true)]
    [InlineData(400, '\xFF', false)]
    [InlineData(700, '\x80', false)]
    public void Refuse_AMatrixWithOtherContents_SaysWhat(int length, char fill, bool isRefused)
    {
        using var matrix = Tensor.Zeros(DType.BF16, [256, 256]);
        var bytes = matrix.WriteBytes(0, (int)matrix.ByteLength);
        Fill(bytes);
        bytes.Slice(9001, length).Fill((byte)fill);
        if (fill == 'h')
        {
            bytes[9300] = (byte)'<';
        }

        Assert.Equal(isRefused, Record.Exception(() => ZeroedParts.Refuse("t", "w.weight", matrix)) is CheckpointException);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(20, false)]
    public void Refuse_FactorsOfWhichManyAreZero_AreDamaged(int zeros, bool isRefused)
    {
        using var norm = Tensor.Zeros(DType.F32, [256]);
        norm.Write<float>().Fill(1);
        norm.Write<float>()[..zeros].Clear();
        Assert.Equal(isRefused, Record.Exception(() => ZeroedParts.Refuse("t", "norm.weight", norm)) is CheckpointException);
    }

    /// <summary>Halves of both signs.</summary>
    private static void Fill(Span<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (i % 4) switch
            {
                1 => 0x3c,
                3 => 0xbc,
                _ => (byte)(i * 37),
            };
        }
    }
}

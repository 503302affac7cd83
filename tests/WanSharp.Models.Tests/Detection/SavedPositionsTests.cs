using WanSharp.Models.Layout;
using WanSharp.Models.Tests.Layout;
using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Detection;

/// <summary>Tables of positions that were saved with a transformer.</summary>
public sealed class SavedPositionsTests : IDisposable
{
    private readonly TinyFolder _folder = new("wan2.1-t2v-1.3b");

    public void Dispose() => _folder.Dispose();

    /// <summary>Positions are computed here; saved ones are left where they are the same in any form, and refused else.</summary>
    [Theory]
    [InlineData("rope.freqs_cos", DType.F32, 2, 10000, true)]
    [InlineData("rope.freqs_sin", DType.BF16, 2, 10000, true)]
    [InlineData("freqs", DType.F32, 1, 10000, true)]
    [InlineData("freqs", DType.F16, 3, 10000, true)]
    [InlineData("blocks.0.self_attn.rope.freqs_cis", DType.F32, 3, 10000, true)]
    [InlineData("rope.freqs_cos", DType.F32, 2, 9000, false)]
    [InlineData("rope.freqs_sin", DType.BF16, 2, 5000, false)]
    [InlineData("freqs", DType.F32, 1, 9000, false)]
    [InlineData("rope.freqs_sin", DType.I32, 2, 10000, false)]
    public void Read_ATransformerWithItsPositions_LeavesThoseThatItComputes(string name, DType type, int form, double theta, bool isRead)
    {
        const int Positions = 48;
        long half = _folder.Networks.Config.HeadDim / 2;
        long side = _folder.Networks.Config.HeadDim / 6;
        double[] turns =
        [
            .. new[] { half - (2 * side), side, side }.SelectMany(dim =>
                Enumerable.Range(0, (int)dim).Select(i => Math.Pow(theta, -i / (double)dim))
            ),
        ];
        float At(int position, int i) =>
            (float)(
                (form, name) switch
                {
                    (1, _) => position * turns[i],
                    (2, "rope.freqs_cos") => Math.Cos(position * turns[i / 2]),
                    (2, _) => Math.Sin(position * turns[i / 2]),
                    _ => i % 2 == 0 ? Math.Cos(position * turns[i / 2]) : Math.Sin(position * turns[i / 2]),
                }
            );
        var columns = form == 1 ? turns.Length : 2 * turns.Length;
        var values = Enumerable.Range(0, Positions).SelectMany(position => Enumerable.Range(0, columns).Select(i => At(position, i)));
        Shape shape = form == 3 ? [Positions, half, 2] : [Positions, columns];
        var table = _folder.Keep(Tensor.CopyOf<float>(shape, [.. values]));
        var tensors = _folder.Networks.Transformer.ToDictionary();
        tensors[name] = type == DType.I32 ? _folder.Keep(Tensor.Zeros(type, shape)) : _folder.Keep(table.ConvertTo(type));

        var file = NetworkFile.Read(_folder.Write("diffusion_models/model.safetensors", tensors));

        Assert.Equal(isRead, file.Transformer is not null);
        Assert.Equal(isRead, file.Problem is null);
        if (!isRead)
        {
            Assert.Contains($"'{name}'", file.Problem, StringComparison.Ordinal);
            Assert.Contains("(rope)", file.Problem, StringComparison.Ordinal);
        }
    }
}

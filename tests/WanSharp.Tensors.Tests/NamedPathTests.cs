using System.Globalization;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

/// <summary>Where nothing is at a path, what a shell, a browser or a program for text put around it is named.</summary>
public sealed class NamedPathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("https://huggingface.co/o/m/resolve/main/wan.safetensors", "download it")]
    [InlineData("file:///home/me/wan.safetensors", "write '/home/me/wan.safetensors'")]
    [InlineData("file:///home/me/my%20cat.png", "write '/home/me/my cat.png'")]
    [InlineData("\"/home/me/wan.safetensors\"", "quotes at its begin or end")]
    [InlineData("“wan.safetensors”", "leave them out")]
    [InlineData("wan.safetensors ", "it ends with a space: write 'wan.safetensors'")]
    [InlineData(" wan.safetensors", "it begins with a space")]
    [InlineData("it's.safetensors", null)]
    [InlineData("C://models/wan.safetensors", null)]
    [InlineData("/home/me/wan.safetensors", null)]
    [InlineData("", null)]
    public void ProblemOf_APath_SaysWhatIsAroundIt(string path, string? expected)
    {
        Assert.Equal(expected is null, NamedPath.ProblemOf(path) is null);
        Assert.Contains(expected ?? "", NamedPath.ProblemOf(path) ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_OfPieces_NamesThemInTheOrderOfTheirNumbers()
    {
        for (var number = 1; number <= 11; number++)
        {
            File.WriteAllText(_folder[$"my wan.safetensors.part{number}"], "");
        }

        File.WriteAllText(_folder["my wan.safetensors.sha256"], "");
        var names = string.Join(' ', Enumerable.Range(1, 11).Select(number => $"'{_folder[$"my wan.safetensors.part{number}"]}'"));
        Assert.Contains(
            $"`cat {names} > '{_folder["my wan.safetensors"]}'`",
            PackedNames.Describe(_folder["my wan.safetensors.part3"]),
            StringComparison.Ordinal
        );

        File.WriteAllText(_folder["my wan.safetensors.001"], "");
        File.WriteAllText(_folder["MY wan.safetensors.part12"], "");
        Assert.Contains($"`cat {names} >", PackedNames.Describe(_folder["my wan.safetensors.part3"]), StringComparison.Ordinal);

        File.Delete(_folder["my wan.safetensors.part7"]);
        Assert.Contains("number 7 ", PackedNames.Describe(_folder["my wan.safetensors.part3"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_OfPiecesOfSplit_KnowsHowItGoesOnCounting()
    {
        foreach (var number in Enumerable.Range(0, 90).Concat(Enumerable.Range(9000, 3)))
        {
            File.WriteAllText(_folder[string.Create(CultureInfo.InvariantCulture, $"wan.gguf.{number:00}")], "");
        }

        Assert.DoesNotContain("missing", PackedNames.Describe(_folder["wan.gguf.9001"]), StringComparison.Ordinal);

        File.Delete(_folder["wan.gguf.9001"]);
        Assert.Contains("number 9001 ", PackedNames.Describe(_folder["wan.gguf.00"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_OfTwoLetters_IsAPieceWhereTheFirstIsThere()
    {
        Assert.Null(PackedNames.Describe(_folder["wan.gguf.bc"]));

        File.WriteAllText(_folder["wan.gguf.aa"], "");
        Assert.Contains("it is a piece", PackedNames.Describe(_folder["wan.gguf.bc"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wan.safetensors.001", "> wan.safetensors`")]
    [InlineData("wan.safetensors.part1", "it is a piece")]
    [InlineData("wan.Q8_0.gguf.part_ab", "> wan.Q8_0.gguf`")]
    [InlineData("wan.safetensors.aa", "it is a piece")]
    [InlineData("wan.safetensors.zip.001", "> wan.safetensors.zip`")]
    [InlineData("wan.safetensors.zst", "unzstd")]
    [InlineData("wan.safetensors.GZ", "gunzip")]
    [InlineData("wan.onnx", "ONNX graph")]
    [InlineData("wan2.2", null)]
    [InlineData("notes.001", null)]
    [InlineData("wan.safetensors", null)]
    public void Describe_OfAName_SaysWhatItIsAPieceOf(string name, string? expected)
    {
        Assert.Equal(expected is null, PackedNames.Describe(name) is null);
        Assert.Contains(expected ?? "", PackedNames.Describe(name) ?? "", StringComparison.Ordinal);
        if (expected is not null && name.Contains(".safetensors.", StringComparison.Ordinal))
        {
            File.WriteAllText(_folder[name], "");
            var missing = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["wan.safetensors"]));
            Assert.Contains($"{_folder[name]} is there: it is ", missing.Message, StringComparison.Ordinal);
        }
    }
}

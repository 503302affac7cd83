using WanSharp.Hosting.Downloads;
using WanSharp.Testing;

namespace WanSharp.Hosting.Tests.Downloads;

/// <summary>The journal of a download never says more than is true.</summary>
public sealed class PartialFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["file"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Parts_InAnyOrder_LeaveTheRestMissing()
    {
        using (var file = PartialFile.Open(Path))
        {
            await WriteAsync(file, 20, 30);
            await WriteAsync(file, 0, 5);
            await WriteAsync(file, 5, 10);
            await WriteAsync(file, 28, 35);
            Assert.Equal([(10, 20), (35, 40)], file.Missing(40));
        }

        using var again = PartialFile.Open(Path);
        Assert.Equal([(10L, 20L), (35, 40)], again.Missing(40));
        Assert.Equal(25, again.Count);
    }

    [Fact]
    public async Task BytesThatWereNotNoted_AreMissing()
    {
        using (var file = PartialFile.Open(Path))
        {
            await file.WriteAsync(0, new byte[10], TestContext.Current.CancellationToken); // killed before it was noted
        }

        using var again = PartialFile.Open(Path);
        Assert.Equal([(0L, 10L)], again.Missing(10));
    }

    [Theory]
    [InlineData("0 10\n20 3", 10)]
    [InlineData("0 10\n20 30", 10)]
    [InlineData("0 10\nnonsense\n20 30\n", 20)]
    [InlineData("5 100\n", 0)]
    [InlineData("7 7\n9 3\n-1 5\n", 0)]
    public void AJournalThatIsCutOrWrong_SaysWhatIsTrue(string journal, int there)
    {
        File.WriteAllBytes(Path, new byte[30]);
        File.WriteAllText(Path + ".journal", journal);

        Assert.Equal(there, PartialFile.CountOf(Path));

        using (var stream = File.OpenWrite(Path))
        {
            stream.SetLength(200); // what was not true must not become true
        }

        Assert.Equal(there, PartialFile.CountOf(Path));
    }

    [Fact]
    public void AFileWithoutAJournal_IsABeginning()
    {
        File.WriteAllBytes(Path, new byte[30]);

        using var file = PartialFile.Open(Path);

        Assert.Equal([(30L, 40L)], file.Missing(40));
    }

    [Fact]
    public void AFile_IsOneProcesss()
    {
        using var file = PartialFile.Open(Path);

        Assert.Throws<IOException>(() => PartialFile.Open(Path));
        Assert.Equal(0, PartialFile.Glance(Path));
    }

    private static async Task WriteAsync(PartialFile file, int from, int to)
    {
        await file.WriteAsync(from, new byte[to - from], TestContext.Current.CancellationToken);
        file.Note(from, to);
    }
}

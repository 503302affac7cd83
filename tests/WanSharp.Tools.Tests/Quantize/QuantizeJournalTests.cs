using WanSharp.Testing;
using WanSharp.Tools.Quantize;

namespace WanSharp.Tools.Tests.Quantize;

public sealed class QuantizeJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_AfterALineThatWasCutOff_KnowsTheOthersAndGoesOn()
    {
        using (var journal = Open())
        {
            journal.Add("blocks.0 plain 0", 0.25);
            journal.Add("blocks.0 plain 1", double.PositiveInfinity);
        }

        var file = Assert.Single(Directory.GetFiles(_folder["quantize"]));
        File.AppendAllText(file, "{\"name\":\"blocks.1 pl");

        using (var journal = Open())
        {
            Assert.Equal([0.25, double.PositiveInfinity], journal.Under("blocks.0 plain ").Order());
            Assert.Null(journal.Find("blocks.1 plain 0"));
            journal.Add("blocks.1 plain 0", 0.5);
        }

        using (var journal = Open())
        {
            Assert.Equal(0.5, journal.Find("blocks.1 plain 0"));
        }
    }

    [Fact]
    public void Open_OfAnotherModel_KnowsNothing()
    {
        using (var journal = Open())
        {
            journal.Add("one", 1);
        }

        using var other = QuantizeJournal.Open(_folder.Path, "another model");

        Assert.Null(other.Find("one"));
    }

    [Fact]
    public void Open_WhileAnotherProcessMeasures_IsRefused()
    {
        using var journal = Open();

        Assert.Contains("another process", Assert.Throws<IOException>(Open).Message, StringComparison.Ordinal);
    }

    private QuantizeJournal Open() => QuantizeJournal.Open(_folder.Path, "a model");
}

using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Quantize;

namespace WanSharp.Tools.Tests.Quantize;

public sealed class QuantizedFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A new low-noise expert next to an old high-noise one is a model that nobody measured.</summary>
    [Fact]
    public void Publish_OfTwoExpertsThatIsCutOff_LeavesNoNewOneNextToAnOldOne()
    {
        using (var networks = new TinyNetworks("wan2.2-t2v-a14b"))
        {
            new ToolFolders(networks, _folder["model"]).Write("official");
        }

        using var model = WanModel.Open(_folder["model"]);
        var files = new QuantizedFiles(model, _folder["int8.safetensors"]);
        foreach (var target in files.Targets)
        {
            File.WriteAllText(target, "old");
        }

        using (var work = WorkFolder.Create(_folder.Path))
        {
            File.WriteAllText(work[Path.GetFileName(files.Targets[0])], "new"); // and no second one: there it ends
            Assert.ThrowsAny<IOException>(() => files.Publish(work));
        }

        Assert.DoesNotContain("old", files.Targets.Where(File.Exists).Select(File.ReadAllText));
    }
}

using WanSharp.Models.Hub;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Hub;

/// <summary>Models by alias and by repository, from a cache that some program filled.</summary>
public sealed class HubModelsTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Moved = "fedcba9876543210fedcba9876543210fedcba98";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_OfARepositoryThatIsThere_GivesItsSnapshot()
    {
        Fill("org/model", "transformer/model.safetensors");

        Assert.Equal(Snapshot("org/model"), Locator().Find("org/model"));
        Assert.Equal(Snapshot("org/model"), Locator().Find("org/model@main"));
        Assert.Equal(Snapshot("org/model"), Locator().Find($"org/model@{Commit}"));
    }

    [Theory]
    [InlineData("org/other", "wan models pull org/other.")]
    [InlineData("org/model@v2", "wan models pull org/model@v2.")]
    [InlineData("t2v-1.3b", "wan models pull t2v-1.3b.")]
    [InlineData("T2V-1.3B", "wan models pull t2v-1.3b.")]
    public void Find_OfWhatIsNotThere_SaysTheCommandThatBringsIt(string name, string expected)
    {
        Fill("org/model", "model.safetensors");

        var error = Assert.Throws<CheckpointException>(() => Locator().Find(name));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_OfAnAlias_GivesItsTransformer()
    {
        var alias = AliasCatalog.Load().Find("t2v-1.3b")!;
        Fill(alias.Repository, [.. alias.Files]);

        Assert.Equal(Path.Combine(Snapshot(alias.Repository), alias.Model!), Locator().Find("t2v-1.3b"));
    }

    [Fact]
    public void FindFiles_ByTheNameOfAnAliassFile_GivesIt()
    {
        var alias = AliasCatalog.Load().Find("rcm-1.3b")!;
        Fill(alias.Repository, [.. alias.Files]);
        var ours = Path.Combine(Snapshot(alias.Repository), alias.Files[0]);

        Assert.Equal([ours], Models().FindFiles("rcm-1.3b"));
        Assert.Equal([ours], Models().FindFiles(Path.GetFileName(ours)));
        Assert.Equal([ours], Models().FindFiles(Path.GetFileNameWithoutExtension(ours)));
    }

    [Theory]
    [InlineData("lightx2v/Autoencoders", "taew2_1.safetensors", "wan models pull taew2_1")]
    [InlineData("Kijai/wanvideo_comfy", "Wan21_CausVid_14B_T2V_lora_rank32_v2.safetensors", "wan models pull causvid-14b")]
    [InlineData("me/loras", "mine.safetensors", "wan models pull me/loras --files \"*mine.safetensors\"")]
    public void PullLine_NamesAnAliasWhereThereIsOne(string repository, string file, string expected) =>
        Assert.Equal(expected, Models().PullLine(repository, [file]));

    [Fact]
    public void Find_OfAnAliasThatLacksAFile_NamesTheFile()
    {
        var alias = AliasCatalog.Load().Find("t2v-1.3b")!;
        Fill(alias.Repository, alias.Files[0]);

        var error = Assert.Throws<CheckpointException>(() => Locator().Find("t2v-1.3b"));

        Assert.Contains("umt5_xxl_fp16.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Contains("wan models pull t2v-1.3b", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A pull of another alias of the same repository moves <c>main</c> to a commit that has the other's files alone.</summary>
    [Fact]
    public void Find_OfAnAliasThatWasPulledBeforeMainMoved_GivesItsFilesThere()
    {
        var (alias, later) = (AliasCatalog.Load().Find("t2v-a14b")!, AliasCatalog.Load().Find("ti2v-5b")!);
        Assert.Equal(alias.Repository, later.Repository);
        Fill(alias.Repository, [.. alias.Files]);
        FillCommit(Moved, later.Repository, [.. later.Files]);

        Assert.Equal(Path.Combine(Snapshot(alias.Repository), alias.Model!), Locator().Find("t2v-a14b"));
        Assert.Equal(Path.Combine(Snapshot(later.Repository, Moved), later.Model!), Locator().Find("ti2v-5b"));
        Assert.DoesNotContain(Models().Look(alias), file => file.Path is null);
        Assert.NotNull(Models().FindFiles($"{alias.Repository}/{alias.Model}"));
    }

    /// <summary>Parts of two commits do not make a model, and a revision of one's own does not become another.</summary>
    [Fact]
    public void Find_OfFilesThatNoCommitHasTogether_NamesWhatMainLacks()
    {
        var alias = AliasCatalog.Load().Find("t2v-1.3b")!;
        Fill(alias.Repository, [.. alias.Files.Skip(1)]);
        FillCommit(Moved, alias.Repository, alias.Files[0]);

        Assert.Contains(
            alias.Files[1],
            Assert.Throws<CheckpointException>(() => Locator().Find("t2v-1.3b")).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<CheckpointException>(() => Locator().Find($"{alias.Repository}@v2"));
    }

    [Fact]
    public void Find_OfAnAliasThatIsNoModel_SaysWhatItIs()
    {
        var alias = AliasCatalog.Load().Find("lightning-4")!;
        Fill(alias.Repository, [.. alias.Files]);

        Assert.Contains("LoRAs", Assert.Throws<CheckpointException>(() => Locator().Find("lightning-4")).Message, StringComparison.Ordinal);
        Assert.Equal(alias.Files.Select(file => Path.Combine(Snapshot(alias.Repository), file)), Models().FindFiles("lightning-4"));
    }

    [Fact]
    public void FindFiles_OfAPathInARepository_GivesIt()
    {
        Fill("org/loras", "sub/style.safetensors");

        Assert.Equal(
            [Path.Combine(Snapshot("org/loras"), "sub", "style.safetensors")],
            Models().FindFiles("org/loras/sub/style.safetensors")
        );
        Assert.Null(Models().FindFiles("style.safetensors"));
        Assert.Null(Models().FindFiles("org/loras/../../escaped"));
        Assert.Null(Models().FindFiles("org/loras/other.safetensors"));
    }

    /// <summary>A folder of the user's comes before what was pulled.</summary>
    [Fact]
    public void Find_OfAFolderOfThatName_TakesTheFolder()
    {
        Fill("org/model", "model.safetensors");
        Directory.CreateDirectory(_folder["mine/org/model"]);
        File.WriteAllText(_folder["mine/org/model/model.safetensors"], "");

        Assert.Equal(_folder["mine/org/model"], new ModelLocator([_folder["mine"]], Models()).Find("org/model"));
    }

    [Theory]
    [InlineData("org/model", "org/model", "main")]
    [InlineData("org/model@refs/pr/3", "org/model", "refs/pr/3")]
    [InlineData("Wan-AI/Wan2.1-T2V-1.3B-Diffusers@v1.0", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "v1.0")]
    public void Parse_OfAReference_TakesItApart(string text, string repository, string revision) =>
        Assert.Equal(new HubReference(repository, revision), HubReference.Parse(text));

    [Theory]
    [InlineData("model")]
    [InlineData("a/b/c")]
    [InlineData("../etc")]
    [InlineData("org/..")]
    [InlineData("org/a--b")]
    [InlineData("org/model.git")]
    [InlineData("org/model@")]
    [InlineData("org/model@../../etc")]
    [InlineData("org/mo del")]
    [InlineData("/org/model")]
    public void Parse_OfSomethingElse_IsNull(string text) => Assert.Null(HubReference.Parse(text));

    [Theory]
    [InlineData("vae/a.safetensors", "vae/*", true)]
    [InlineData("vae/deep/a.safetensors", "vae/", true)]
    [InlineData("vae/deep/a.safetensors", "*.safetensors", true)]
    [InlineData("vae/a.bin", "*.safetensors", false)]
    [InlineData("a.bin", "A.bin", false)]
    public void Matches_AsStarsSay(string path, string pattern, bool expected) => Assert.Equal(expected, HubPath.Matches(path, [pattern]));

    private static string NameOf(string repository) => $"models--{repository.Replace("/", "--", StringComparison.Ordinal)}";

    private string Snapshot(string repository, string commit = Commit) => _folder[$"hub/{NameOf(repository)}/snapshots/{commit}"];

    private HubModels Models() => new(new HubCache(_folder["hub"]), new Lazy<AliasCatalog>(() => AliasCatalog.Load()));

    private ModelLocator Locator() => new([], Models());

    private void Fill(string repository, params string[] files) => FillCommit(Commit, repository, files);

    private void FillCommit(string commit, string repository, params string[] files)
    {
        foreach (var file in files)
        {
            var path = Path.Combine(Snapshot(repository, commit), file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "");
        }

        Directory.CreateDirectory(_folder[$"hub/{NameOf(repository)}/refs"]);
        File.WriteAllText(_folder[$"hub/{NameOf(repository)}/refs/main"], commit);
    }
}

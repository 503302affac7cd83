using WanSharp.Hosting.Hub;
using WanSharp.Models.Hub;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>Checks what was pulled.</summary>
public sealed class ModelVerifyTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private HubOptions Options => new() { CacheFolder = _folder["hub"], Endpoint = _hub.Address };

    private static PullRequest Request { get; } = new(FakeHub.Repository, HubReference.Parse(FakeHub.Repository)!, []);

    private HubRepositoryCache Repository => new HubCache(_folder["hub"]).Of(FakeHub.Repository);

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.Files["large.safetensors"] = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];
        _hub.Files["small.json"] = [1, 2, 3];
        await new ModelPull(Options, TimeProvider.System).PullAsync(Request, null, Token);
        _hub.Requests.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Verify_OfWhatWasPulled_IsRightAndAsksNobody()
    {
        var files = await VerifyAsync(Request);

        Assert.Equal([VerifyResult.Right, VerifyResult.Right], files.Select(file => file.Result));
        Assert.Empty(_hub.Requests);
    }

    [Theory]
    [InlineData("large.safetensors")]
    [InlineData("small.json")]
    public async Task Verify_OfAChangedByte_FindsIt(string name)
    {
        Change(name, bytes => bytes[1] ^= 4);

        var files = await VerifyAsync(Request);

        Assert.Equal(name, Assert.Single(files, file => file.Result == VerifyResult.Damaged).Name);
    }

    [Fact]
    public async Task Remove_OfADamagedFile_LetsTheNextPullBringIt()
    {
        Change("large.safetensors", bytes => bytes[1] ^= 4);
        foreach (var file in await VerifyAsync(Request))
        {
            if (file.Result == VerifyResult.Damaged)
            {
                ModelVerify.Remove(file);
            }
        }

        await new ModelPull(Options, TimeProvider.System).PullAsync(Request, null, Token);

        Assert.All(await VerifyAsync(Request), file => Assert.Equal(VerifyResult.Right, file.Result));
    }

    /// <summary>Another program pulled it, and keeps no list: the contents' names are their digests.</summary>
    [Fact]
    public async Task Verify_WithoutAList_GoesByTheContentsNames()
    {
        Directory.Delete(Path.Combine(Repository.Folder, "trees"), recursive: true);

        Assert.All(await VerifyAsync(Request), file => Assert.Equal(VerifyResult.Right, file.Result));
        Change("small.json", bytes => bytes[0]++);
        Assert.Contains(await VerifyAsync(Request), file => file.Result == VerifyResult.Damaged);
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task Verify_OfCopiesWithoutAList_KnowsNothing_UntilItMayAsk()
    {
        Directory.Delete(Path.Combine(Repository.Folder, "trees"), recursive: true);
        var path = Repository.PathOf(_hub.Commit, "small.json");
        File.Delete(path);
        await File.WriteAllBytesAsync(path, _hub.Files["small.json"], Token);

        var offline = await VerifyAsync(Request);
        Assert.Equal(VerifyResult.Unknown, offline.Single(file => file.Name == "small.json").Result);
        Assert.Empty(_hub.Requests);

        Assert.All(await VerifyAsync(Request, mayAsk: true), file => Assert.Equal(VerifyResult.Right, file.Result));
    }

    [Fact]
    public async Task Verify_OfAnAliasThatLacksAFile_NamesIt()
    {
        var files = await VerifyAsync(Request with { Patterns = ["small.json", "other.json"] });

        Assert.Equal([VerifyResult.Right, VerifyResult.Missing], files.Select(file => file.Result));
        Assert.Equal("other.json", files[1].Name);
    }

    [Fact]
    public async Task Verify_OfABrokenLink_FindsIt()
    {
        File.Delete(FileFacts.RealPath(Repository.PathOf(_hub.Commit, "small.json")));

        Assert.Equal(VerifyResult.Missing, (await VerifyAsync(Request)).Single(file => file.Name == "small.json").Result);
    }

    [Fact]
    public async Task Verify_OfNothing_SaysHowToGetIt()
    {
        var request = new PullRequest("org/other", HubReference.Parse("org/other")!, []);

        var error = await Assert.ThrowsAsync<CheckpointException>(() => VerifyAsync(request));

        Assert.Contains("wan models pull org/other", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void List_NamesWhatIsThere()
    {
        File.WriteAllBytes(Path.Combine(Repository.Blobs, new string('c', 64) + ".incomplete"), new byte[77]);

        var repository = Assert.Single(new PulledModels(new HubCache(_folder["hub"])).List());

        Assert.Equal((FakeHub.Repository, 5003, 77), (repository.Repository, repository.Bytes, repository.Unfinished));
        var commit = Assert.Single(repository.Commits);
        Assert.Equal((_hub.Commit, 2, 2), (commit.Commit, commit.Files, commit.Of));
        Assert.Equal(["main"], commit.Revisions);
    }

    private void Change(string name, Action<byte[]> change)
    {
        var path = FileFacts.RealPath(Repository.PathOf(_hub.Commit, name));
        var bytes = File.ReadAllBytes(path);
        change(bytes);
        File.WriteAllBytes(path, bytes);
    }

    private async Task<List<VerifiedFile>> VerifyAsync(PullRequest request, bool mayAsk = false)
    {
        List<VerifiedFile> files = [];
        await foreach (var file in new ModelVerify(Options, TimeProvider.System) { MayAsk = mayAsk }.VerifyAsync(request, null, Token))
        {
            files.Add(file);
        }

        return files;
    }
}

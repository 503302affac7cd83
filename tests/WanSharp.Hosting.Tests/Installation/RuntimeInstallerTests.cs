using WanSharp.Hosting.Installation;

namespace WanSharp.Hosting.Tests.Installation;

/// <summary>The installation of a GPU build, from feeds on this machine and packages made here.</summary>
public sealed class RuntimeInstallerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wan-install-").FullName;
    private readonly byte[] _package = FakePackage.Usual();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Root => Path.Combine(_folder, "providers");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task InstallAsync_FromAFolder_UnpacksThePlatformsLibrariesAndNothingElse()
    {
        var library = await InstallAsync(Feed(_package));

        Assert.Equal("library", await File.ReadAllTextAsync(library, Token));
        Assert.Equal(library, InstalledRuntime.Find(Root));
        Assert.Equal(["libonnxruntime.so", "libonnxruntime_providers_cuda.so"], Installed());
    }

    [Fact]
    public async Task InstallAsync_FromAFolderOfFolders_FindsThePackage()
    {
        var id = FakePackage.Id.ToLowerInvariant();
        var nested = Directory.CreateDirectory(Path.Combine(_folder, "feed", id, InstalledRuntime.Version)).FullName;
        Write(Path.Combine(nested, $"{id}.{InstalledRuntime.Version}.nupkg"), _package, FakePackage.Sha512(_package));

        await InstallAsync(Path.Combine(_folder, "feed"));

        Assert.Equal(2, Installed().Length);
    }

    [Fact]
    public async Task InstallAsync_FromAService_ChecksTheCatalogsHash()
    {
        using var feed = new LoopbackFeed(_package);

        await InstallAsync(feed.Index);

        Assert.Equal(2, Installed().Length);
        Assert.Equal([""], feed.Ranges);
    }

    [Fact]
    public async Task InstallAsync_AfterABrokenDownload_FetchesOnlyTheRest()
    {
        using var feed = new LoopbackFeed(_package) { HangUpAfter = 100 };
        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(feed.Index));

        await InstallAsync(feed.Index);

        Assert.Contains("goes on from 100 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(["", "bytes=100-"], feed.Ranges);
        Assert.Equal(2, Installed().Length);
    }

    [Fact]
    public async Task InstallAsync_FromAServiceWithoutRanges_StartsAgain()
    {
        using var feed = new LoopbackFeed(_package) { HangUpAfter = 100, IgnoresRanges = true };
        await Assert.ThrowsAsync<IOException>(() => InstallAsync(feed.Index));

        await InstallAsync(feed.Index);

        Assert.Equal(2, Installed().Length);
    }

    [Fact]
    public async Task InstallAsync_OtherBytesThanPromised_DeletesThemAndInstallsNothing()
    {
        using var feed = new LoopbackFeed(_package);
        feed.Documents[feed.PackagePath] = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "somebody else's"));

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => InstallAsync(feed.Index));

        Assert.Contains("SHA-512", error.Message, StringComparison.Ordinal);
        Assert.Null(InstalledRuntime.Find(Root));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Root, "downloads")));
    }

    [Fact]
    public async Task InstallAsync_WithoutAHash_AsksForOne()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(Feed(_package, hash: null)));

        Assert.Contains("--sha512", error.Message, StringComparison.Ordinal);
        await InstallAsync(Feed(_package, hash: null), Convert.ToHexString(Convert.FromBase64String(FakePackage.Sha512(_package))));
        Assert.Equal(2, Installed().Length);
    }

    [Theory]
    [InlineData("runtimes/linux-x64/native/../../../../escaped.so")]
    [InlineData("runtimes/linux-x64/native/sub/library.so")]
    [InlineData("runtimes/linux-x64/native/..")]
    [InlineData("runtimes/linux-x64/native/c:\\library.dll")]
    public async Task InstallAsync_APackageThatNamesFilesElsewhere_IsRefusedWhole(string name)
    {
        var package = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "library"), (name, "escaped"));

        await Assert.ThrowsAsync<InvalidDataException>(() => InstallAsync(Feed(package)));

        Assert.Null(InstalledRuntime.Find(Root));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Root, "cuda")));
        Assert.Empty(Directory.EnumerateFiles(_folder, "escaped.so", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task UnpackAsync_ABomb_StopsAtTheLimit()
    {
        var file = Path.Combine(_folder, "bomb.nupkg");
        await File.WriteAllBytesAsync(
            file,
            FakePackage.With(
                ("runtimes/linux-x64/native/a.so", new string('0', 400_000)),
                ("runtimes/linux-x64/native/b.so", new string('0', 400_000))
            ),
            Token
        );
        var target = Directory.CreateDirectory(Path.Combine(_folder, "target")).FullName;

        var error = await Assert.ThrowsAsync<InvalidDataException>(() =>
            new NativeArchive { LargestTotal = 500_000 }.UnpackAsync(file, "linux-x64", target, Token)
        );

        Assert.Contains("limit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FetchAsync_MoreThanTheLimit_Stops()
    {
        using var http = new HttpClient();
        using var feed = new LoopbackFeed(_package);
        var location = new PackageLocation(new Uri(new Uri(feed.Index), feed.PackagePath), FakePackage.Sha512(_package));

        var error = await Assert.ThrowsAsync<IOException>(() =>
            new PackageDownload(http) { LargestPackage = 10 }.FetchAsync(location, Path.Combine(_folder, "part"), progress: null, Token)
        );

        Assert.Contains("more than 10 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallAsync_Again_ReplacesWhatIsThere()
    {
        await InstallAsync(Feed(_package));
        var other = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "newer"));

        var library = await InstallAsync(Feed(other));

        Assert.Equal("newer", await File.ReadAllTextAsync(library, Token));
        Assert.Equal(["libonnxruntime.so"], Installed());
    }

    [Fact]
    public async Task InstallAsync_FromAnUnencryptedAddress_IsRefused()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync("http://packages.example/v3/index.json"));

        Assert.Contains("https", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("""{"resources":[{}]}""")]
    [InlineData("""{"resources":[{"@type":"PackageBaseAddress/3.0.0","@id":"nowhere"}]}""")]
    public async Task InstallAsync_FromSomethingElseThanAService_SaysSo(string index)
    {
        using var feed = new LoopbackFeed(_package);
        feed.Documents["/v3/index.json"] = System.Text.Encoding.UTF8.GetBytes(index);

        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(feed.Index));

        Assert.Contains(feed.Index, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallAsync_NoSourceHasIt_NamesThoseAsked()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;

        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(empty));

        Assert.Contains(empty, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallAsync_OnAPlatformWithoutCuda_SaysSo()
    {
        var error = await Assert.ThrowsAsync<IOException>(() =>
            new RuntimeInstaller(Root, "osx-arm64").InstallAsync([_folder], null, null, Token)
        );

        Assert.Contains("osx-arm64", error.Message, StringComparison.Ordinal);
    }

    private Task<string> InstallAsync(string source, string? sha512 = null) =>
        new RuntimeInstaller(Root, "linux-x64").InstallAsync([source], sha512, progress: null, Token);

    private string[] Installed() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Root, "cuda", InstalledRuntime.Version))
                .Select(file => Path.GetFileName(file))
                .Order(StringComparer.Ordinal),
        ];

    private string Feed(byte[] package) => Feed(package, FakePackage.Sha512(package));

    private string Feed(byte[] package, string? hash)
    {
        var feed = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;
        Write(Path.Combine(feed, $"{FakePackage.Id}.{InstalledRuntime.Version}.nupkg"), package, hash);
        return feed;
    }

    private static void Write(string file, byte[] package, string? hash)
    {
        File.WriteAllBytes(file, package);
        if (hash is not null)
        {
            File.WriteAllText(file + ".sha512", hash + "\n");
        }
    }
}

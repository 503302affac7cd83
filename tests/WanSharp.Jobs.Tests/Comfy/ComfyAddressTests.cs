using System.Net;
using System.Text;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.ComfyRun;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>What signs in at a server goes with each question, and nowhere else.</summary>
public sealed class ComfyAddressTests : IDisposable
{
    private const string Secret = "hunter2-of-the-proxy";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://127.0.0.1:8188", "http://127.0.0.1:8188", null, "")]
    [InlineData("http://127.0.0.1:8188/", "http://127.0.0.1:8188", null, "")]
    [InlineData("http://bob:p%40ss%3A@host/comfy", "http://host/comfy", "Basic Ym9iOnBAc3M6", "")]
    [InlineData("http://bob@host", "http://host", "Basic Ym9iOg==", "")]
    [InlineData("https://host:8443/x/?token=abc&a=1#f", "https://host:8443/x", null, "token=abc&a=1")]
    [InlineData("http://名:密@host", "http://host", "Basic 5ZCNOuWvhg==", "")]
    [InlineData("http://[::1]:8188", "http://[::1]:8188", null, "")]
    public void Parse_KeepsWhatSignsInApart(string text, string name, string? authorization, string query)
    {
        var address = ComfyAddress.Parse(text);
        Assert.Equal((name, name, query), (address.Name, address.ToString(), address.Query));
        Assert.Equal(authorization, address.Headers.GetValueOrDefault("Authorization"));
        Assert.Equal("", address.Uri.UserInfo + address.Uri.Query + address.Uri.Fragment);
    }

    [Theory]
    [InlineData("htp://bob:hunter2-of-the-proxy@host")]
    [InlineData("//bob:hunter2-of-the-proxy@host")]
    [InlineData("http://bob:hunter2-of-the-proxy@")]
    [InlineData("ftp://host/?token=hunter2-of-the-proxy")]
    [InlineData("bob:hunter2-of-the-proxy@host:8188")]
    [InlineData("http://bob:x?hunter2-of-the-proxy@host:8188")]
    [InlineData("http://bob:x@hunter2-of-the-proxy@:8188:9")]
    [InlineData("http://bob:hunter2-of-the-proxy/x")]
    [InlineData("htp://host/hunter2-of-the-proxy")]
    public void Parse_OfWhatIsNotAnAddress_DoesNotRepeatAPassword(string text)
    {
        var error = Assert.Throws<InvalidRequestException>(() => ComfyAddress.Parse(text));
        Assert.Contains("http://127.0.0.1:8188", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hunter2-of-the-proxy")]
    [InlineData("X Key: hunter2-of-the-proxy")]
    [InlineData("X-Key: hunter2-of-the-proxy\nX-Other: y")]
    [InlineData("X-Key:")]
    public void WithHeaders_OfWhatIsNotAHeader_DoesNotRepeatIt(string header)
    {
        var error = Assert.Throws<InvalidRequestException>(() => ComfyAddress.Parse("http://host").WithHeaders([header]));
        Assert.Contains("Name: value", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithToken_OfAnAddressWithAName_LeavesTheNames() =>
        Assert.StartsWith(
            "Basic",
            ComfyAddress.Parse("http://a:b@host").WithToken(Secret).Headers["authorization"],
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("basic")]
    [InlineData("token")]
    [InlineData("header")]
    [InlineData("query")]
    public async Task EachQuestion_IsSignedIn(string way)
    {
        await using var server = await FakeComfy.StartAsync();
        var plain = ComfyAddress.Parse(server.Address.ToString());
        var address = way switch
        {
            "basic" => ComfyAddress.Parse($"http://bob:{Secret}@{server.Address.Authority}"),
            "token" => plain.WithToken(Secret),
            "header" => plain.WithHeaders([$"X-Api-Key: {Secret}"]),
            _ => ComfyAddress.Parse($"{server.Address}?token={Secret}"),
        };
        (server.SignIn, server.SignInQuery) = way switch
        {
            "basic" => (("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"bob:{Secret}"))}"), null),
            "token" => (("Authorization", $"Bearer {Secret}"), null),
            "header" => (("X-Api-Key", Secret), null),
            _ => (((string, string)?)null, $"token={Secret}"),
        };
        File.WriteAllText(_folder["first.png"], "pixels");
        await using var backend = Backend([address], Workflows.TwoExperts);
        var outcome = await backend.RunAsync(
            Run(
                _folder,
                new JobRequest
                {
                    Prompt = "p",
                    Images = new Dictionary<int, string> { [0] = _folder["first.png"] },
                }
            ),
            Token
        );

        Assert.True(File.Exists(_folder["1.mp4"]));
        Assert.Equal(0, server.Strangers); // the messages' connection neither
        Assert.Equal($"comfy {plain.Name}", outcome.MadeBy);
        Assert.DoesNotContain(Secret, File.ReadAllText(_folder["1.snapshot"]), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, string.Join("", await backend.DescribeAsync(Token)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutASignIn_SaysHowToAndStops()
    {
        await using var server = await FakeComfy.StartAsync();
        server.SignIn = ("Authorization", "Bearer x");
        await using var backend = Backend(
            [ComfyAddress.Parse($"http://bob:{Secret}@{server.Address.Authority}")],
            options: Impatient with
            {
                FirstWait = TimeSpan.FromHours(9),
            }
        );
        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("requires a sign-in", error.Message, StringComparison.Ordinal);
        Assert.Contains("--server-token", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Whatever a server repeats of what it was sent.</summary>
    [Fact]
    public async Task WhatAServerSays_IsShownWithoutTheSecret()
    {
        await using var server = await FakeComfy.StartAsync();
        server.Invalid["37"] = $"the token {Secret} may not use this";
        await using var backend = Backend([ComfyAddress.Parse(server.Address.ToString()).WithToken(Secret)]);
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("may not use this", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
        server.Invalid.Clear();
        server.AtNode = (type, _) =>
            type == "KSampler" ? throw new FakeComfy.NodeException("RuntimeError", $"Bearer {Secret} is bad") : Task.CompletedTask;
        Assert.DoesNotContain(
            Secret,
            (await Assert.ThrowsAnyAsync<IOException>(() => backend.RunAsync(Run(_folder), Token))).ToString(),
            StringComparison.Ordinal
        );
    }

    /// <summary>What fails may be the proxy, whose own sign-in is nobody's to see.</summary>
    [Fact]
    public void AProxy_IsNamedWithTheServer()
    {
        var proxy = new WebProxy(new Uri($"http://bob:{Secret}@127.0.0.1:9")) { BypassProxyOnLocal = false, BypassList = ["near"] };
        var said = ComfyHttp.Proxy(proxy, new Uri("http://far:8188/"));
        Assert.Contains("the proxy 127.0.0.1:9", said, StringComparison.Ordinal);
        Assert.Contains("http_proxy", said, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
        Assert.Equal("", ComfyHttp.Proxy(proxy, new Uri("http://near:8188/")));
    }

    [Theory]
    [InlineData("see http://bob:pw@host:1/x for more", "see http://host:1/x for more")]
    [InlineData("'comfy:http://a:b@h,http://c:d@i' is wrong", "'comfy:http://h,http://i' is wrong")]
    [InlineData("http://h/?token=abc is wrong", "http://h/ is wrong")]
    [InlineData("what? nothing@all", "what? nothing@all")]
    [InlineData("see http://bob:a/b@host for more", "see http://host for more")]
    public void WithoutSecrets_TakesThemOutOfAnyText(string text, string expected) =>
        Assert.Equal(expected, ComfyAddress.WithoutSecrets(text));
}

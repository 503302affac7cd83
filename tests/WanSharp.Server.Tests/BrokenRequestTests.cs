using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using WanSharp.Jobs;
using WanSharp.Media;
using WanSharp.Server.Http;
using WanSharp.Server.Pictures;

namespace WanSharp.Server.Tests;

/// <summary>Requests whose bytes are wrong, not their words: what a generator of texts does not find.</summary>
public sealed class BrokenRequestTests : IAsyncLifetime
{
    private static readonly (string Method, string Path)[] Targets =
    [
        ("POST", "/v1/videos"),
        ("POST", "/v1/videos/sync"),
        ("POST", "/v1/plan"),
        ("POST", "/v1/videos/batches"),
        ("PATCH", "/v1/videos/{id}"),
        ("POST", "/v1/videos/{id}/remix"),
        ("POST", "/v1/session"),
        ("POST", "/v1/queue/order"),
        ("POST", "/prompt"),
        ("POST", "/queue"),
        ("POST", "/history"),
        ("POST", "/interrupt"),
    ];

    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Half a surrogate pair and bytes that are not UTF-8, as a value, in a list, as a name.</summary>
    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\u00ff\u00fe\"")]
    public async Task Texts_ThatAreNotUnicode_AreRefused(string text)
    {
        var id = await _server.CreateAsync("a");
        foreach (var (method, path) in Targets)
        {
            foreach (var body in Bodies(text))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{id}", id, StringComparison.Ordinal))
                {
                    Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body)) { Headers = { ContentType = new("application/json") } },
                };
                using var answer = await _server.Client.SendAsync(request, TestServer.Token);
                Assert.True((int)answer.StatusCode < 500, $"{method} {path} {body} → {(int)answer.StatusCode}");
            }
        }

        Assert.DoesNotContain(_server.Notices, notice => notice.Contains("internal error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/upload/image")]
    [InlineData("/v1/videos")]
    [InlineData("/v1/videos/batches")]
    public async Task AForm_ThatEndsInTheMiddleOfAPart_IsRefused(string path)
    {
        var content = new ByteArrayContent(
            "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nPNG"u8.ToArray()
        );
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");

        using var answer = await _server.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestServer.Token);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "cannot be fetched")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha", "cannot be fetched")]
    [InlineData("HTTP/1.1 2", "cannot be fetched")]
    public async Task APicture_WhoseHostCutsItsAnswer_IsRefused(string answer, string message)
    {
        var (error, field) = (await FetchAsync(answer, closes: true), "last_image");

        Assert.Equal((400, field), (error.Status, error.Param));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Its headers are there at once, and its body never ends.</summary>
    [Fact]
    public async Task APicture_WhoseHostNeverEnds_IsGivenUp()
    {
        var error = await FetchAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", closes: false);

        Assert.Equal(400, error.Status);
        Assert.Contains("did not send", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFile_ThatIsGoneBetweenTheLookAndTheAnswer_IsNotThere() =>
        Assert.Equal(404, ErrorAnswers.Of(new FileNotFoundException("/secret/path")).Status);

    [Fact]
    public void AFault_OfTheServersOwnFiles_IsNotTheClients()
    {
        const string Message = "/secret/path is damaged.";
        Exception[] faults = [new InvalidDataException(Message), new MediaException(Message), new BackendUnavailableException(Message)];
        foreach (var error in faults.Select(ErrorAnswers.Of))
        {
            Assert.Equal(503, error.Status);
            Assert.DoesNotContain("/secret", error.Message, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> Bodies(string text) =>
        [
            $$"""{"prompt":{{text}}}""",
            $$"""{"prompts":{{text}}}""",
            $$"""{"prompt":"a","user":{{text}}}""",
            $$"""{"prompt":"a","lora":[{{text}}]}""",
            $$"""{"prompt":"a",{{text}}:1}""",
            "{\"prompt\":{\"1\":{\"class_type\":" + text + ",\"inputs\":{\"text\":" + text + "}}}}",
            "{\"prompt\":{\"1\":{\"class_type\":\"SaveWEBM\",\"inputs\":{" + text + ":[\"1\",0]}}},\"client_id\":" + text + "}",
            $$"""{"key":{{text}}}""",
            $$"""{"ids":[{{text}}]}""",
            $$"""{"delete":[{{text}}],"prompt_id":{{text}}}""",
        ];

    private static async Task<ApiException> FetchAsync(string answer, bool closes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var clock = new RingingClock();
        using var fetch = new PictureFetch(["*"], _ => true, clock);
        var fetching = fetch.GetAsync(
            "last_image",
            new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/a.png"),
            mostBytes: 1000,
            TestServer.Token
        );
        using var client = await listener.AcceptTcpClientAsync(TestServer.Token);
        await using var stream = client.GetStream();
        await stream.ReadAtLeastAsync(new byte[1], 1, cancellationToken: TestServer.Token);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), TestServer.Token);
        if (closes)
        {
            client.Client.Shutdown(SocketShutdown.Send);
        }
        else
        {
            clock.Ring();
        }

        return await Assert.ThrowsAsync<ApiException>(() => fetching);
    }

    /// <summary>Its one timer is due when a test says so.</summary>
    private sealed class RingingClock : TimeProvider
    {
        private Action? _due;

        public void Ring() => _due!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _due = () => callback(state);
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}

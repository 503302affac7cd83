using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

/// <summary>
/// Requests that were damaged on purpose: each is answered with what is wrong, or taken where it is still one. WAN_FUZZ_REQUESTS says how
/// many are sent; 10,000 take minutes.
/// </summary>
public sealed class BadRequestTests : IAsyncLifetime
{
    private const int UsualCount = 400;

    private static readonly string[] Paths =
    [
        "/v1/videos",
        "/v1/videos/sync",
        "/v1/videos/batches",
        "/v1/videos/video_00000000000000000000000000000000",
        "/v1/videos/video_00000000000000000000000000000000/remix",
        "/v1/videos/video_00000000000000000000000000000000/content?variant=thumbnail",
        "/v1/videos/..%2f..%2fetc%2fpasswd/content",
        "/v1/videos?limit=20&order=asc&after=video_1",
        "/v1/queue/pause/",
        "/v1/session",
        "/",
    ];

    private static readonly string[] Bodies =
    [
        """{"prompt":"a red circle","seconds":"1","size":"32x16","input_reference":{"image_url":"data:image/png;base64,iVBORw0KGgo="}}""",
        """{"prompt":"a","lora":["x:0.5"],"steps":4,"guidance_scale":4,"guidance_scale_2":3,"extra_body":{"flow_shift":3}}""",
        """{"prompts":"a\nb","seeds":"0..3","styles":"ink","dry_run":true}""",
        "--x\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; "
            + "name=\"input_reference\"; filename=\"../../a.png\"\r\nContent-Type: image/png\r\n\r\n\u0089PNG\r\n\r\n--x--\r\n",
        "prompt=a&steps=2&size=32x16",
    ];

    private static readonly string[] Types =
    [
        "application/json",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "multipart/form-data; boundary=\"\"",
        "application/x-www-form-urlencoded",
        "text/plain",
        "nonsense",
    ];

    private static readonly string[] Pieces =
    [
        "{",
        "}",
        "\"",
        "null",
        "-1",
        "1e999",
        "NaN",
        "\0",
        "\uD800",
        "../../../etc/passwd",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "<lora:/etc/passwd:1>",
        "4294967297",
        "99999999999999999999",
        "\r\n--x\r\n",
        "[[[[[[[[[[[[[[[[[[[[",
        "é",
        "%00",
        "'; DROP TABLE jobs; --",
    ];

    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Requests_ThatAreDamaged_AreAnsweredWithWhatIsWrong()
    {
        var count = Repetitions.Of("WAN_FUZZ_REQUESTS", UsualCount);
        for (var seed = 0; seed < count; seed++)
        {
            var random = new Random(seed);
            using var request = Damaged(random);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestServer.Token);
            if (IsSync(request))
            {
                patience.CancelAfter(TimeSpan.FromSeconds(20));
            }

            HttpResponseMessage answer;
            try
            {
                answer = await _server.Client.SendAsync(request, patience.Token);
            }
            catch (OperationCanceledException) when (!TestServer.Token.IsCancellationRequested && IsSync(request))
            {
                continue; // it was a good one, and waits for a queue that is paused
            }

            using (answer)
            {
                var text = await answer.Content.ReadAsStringAsync(TestServer.Token);
                var about = $"seed {seed}: {request.Method} {request.RequestUri} → {(int)answer.StatusCode} {text}";
                Assert.True((int)answer.StatusCode < 500, $"{about}\n{string.Join('\n', _server.Notices)}");
                Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
                Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
                if ((int)answer.StatusCode >= 400 && text.Length > 0) // what Kestrel itself refuses has no body
                {
                    using var body = JsonDocument.Parse(text);
                    var error = body.RootElement.GetProperty("error");
                    Assert.False(string.IsNullOrWhiteSpace(error.GetProperty("message").GetString()), about);
                    Assert.False(string.IsNullOrWhiteSpace(error.GetProperty("code").GetString()), about);
                }
            }
        }

        Assert.DoesNotContain(_server.Notices, notice => notice.Contains("internal error", StringComparison.Ordinal));
    }

    private static bool IsSync(HttpRequestMessage request) =>
        request.RequestUri!.AbsolutePath.StartsWith("/v1/videos/sync", StringComparison.Ordinal);

    private HttpRequestMessage Damaged(Random random)
    {
        HttpMethod[] methods = [HttpMethod.Post, HttpMethod.Post, HttpMethod.Post, HttpMethod.Get, HttpMethod.Delete, HttpMethod.Patch];
        var path = Mutated(random, One(random, Paths), isPath: true);
        var request = new HttpRequestMessage(One(random, methods), new Uri(_server.Client.BaseAddress!.AbsoluteUri.TrimEnd('/') + path));
        if (request.Method != HttpMethod.Get)
        {
            var body = One(random, Bodies);
            for (var i = random.Next(4); i > 0; i--)
            {
                body = Mutated(random, body, isPath: false);
            }

            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            var type =
                body.StartsWith('{') ? Types[0]
                : body.StartsWith('-') ? Types[2]
                : Types[5];
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(4) == 0 ? One(random, Types) : type);
        }

        if (random.Next(8) == 0)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", new string('k', random.Next(600)));
            request.Headers.TryAddWithoutValidation("Range", "bytes=9-1,-,x");
            request.Headers.TryAddWithoutValidation("Last-Event-ID", "x-y-z");
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/binary"));
        }

        return request;
    }

    /// <summary>A text with a part taken out, doubled, or replaced by something that may hurt.</summary>
    private static string Mutated(Random random, string text, bool isPath)
    {
        if (isPath && random.Next(3) != 0)
        {
            return text;
        }

        var from = random.Next(1, text.Length + 1);
        var to = Math.Min(text.Length, from + random.Next(12));
        var piece = random.Next(3) switch
        {
            0 => "",
            1 => text[from..to] + text[from..to],
            _ => One(random, Pieces),
        };
        return text[..from] + (isPath ? Uri.EscapeDataString(piece.Replace("\uD800", "x", StringComparison.Ordinal)) : piece) + text[to..];
    }

    private static T One<T>(Random random, IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];
}

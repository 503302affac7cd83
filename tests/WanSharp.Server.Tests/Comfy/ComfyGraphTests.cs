using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using WanSharp.Media.Images;
using WanSharp.Testing;

namespace WanSharp.Server.Tests.Comfy;

/// <summary>Graphs with pictures and with two experts, from the upload to the clip.</summary>
public sealed class ComfyGraphTests : IDisposable
{
    /// <summary>Picture to video with the experts of Wan 2.2, as ComfyUI's own template has it.</summary>
    private const string Experts = """
        {
          "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "any_high_noise.safetensors", "weight_dtype": "default"}},
          "2": {"class_type": "UNETLoader", "inputs": {"unet_name": "any_low_noise.safetensors", "weight_dtype": "default"}},
          "3": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"}},
          "4": {"class_type": "VAELoader", "inputs": {"vae_name": "wan_2.1_vae.safetensors"}},
          "5": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["1", 0]}},
          "6": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["2", 0]}},
          "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["3", 0]}},
          "8": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["3", 0]}},
          "9": {"class_type": "LoadImage", "inputs": {"image": "PICTURE"}},
          "10": {"class_type": "WanImageToVideo", "inputs": {"width": 32, "height": 16, "length": 5, "batch_size": 1,
            "positive": ["7", 0], "negative": ["8", 0], "vae": ["4", 0], "start_image": ["9", 0]}},
          "11": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "enable", "noise_seed": 7, "steps": 4, "cfg": 3.5,
            "sampler_name": "euler", "scheduler": "simple", "start_at_step": 0, "end_at_step": 2, "return_with_leftover_noise": "enable",
            "model": ["5", 0], "positive": ["10", 0], "negative": ["10", 1], "latent_image": ["10", 2]}},
          "12": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "disable", "noise_seed": 0, "steps": 4, "cfg": 3.5,
            "sampler_name": "euler", "scheduler": "simple", "start_at_step": 2, "end_at_step": 10000,
            "return_with_leftover_noise": "disable",
            "model": ["6", 0], "positive": ["10", 0], "negative": ["10", 1], "latent_image": ["11", 0]}},
          "13": {"class_type": "VAEDecode", "inputs": {"samples": ["12", 0], "vae": ["4", 0]}},
          "14": {"class_type": "SaveAnimatedWEBP", "inputs": {"filename_prefix": "ComfyUI", "fps": 16, "lossless": false, "quality": 90,
            "method": "default", "images": ["13", 0]}}
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Prompt_OfAPictureAndTwoExperts_IsTheVideoOfThatPicture()
    {
        using var networks = new TinyNetworks("wan2.2-i2v-a14b");
        new ToolFolders(networks, _folder["model"]).Comfy();
        await using var server = await TestServer.StartAsync(options =>
            options with
            {
                Backend = options.Backend with { Engine = options.Backend.Engine with { Model = _folder["model"] } },
            }
        );
        var dark = await UploadAsync(server, "dark.webp", 10);
        var bright = await UploadAsync(server, "bright.webp", 240);

        var first = await MadeAsync(server, Experts.Replace("PICTURE", dark, StringComparison.Ordinal));
        var again = await MadeAsync(server, Experts.Replace("PICTURE", dark, StringComparison.Ordinal));
        var other = await MadeAsync(server, Experts.Replace("PICTURE", bright, StringComparison.Ordinal));

        Assert.Equal(
            ("a fox", 7, 4, 5),
            (Text(first, "prompt"), Number(first, "seed"), Number(first, "num_inference_steps"), Number(first, "num_frames"))
        );
        Assert.Equal(Text(first, "sha256"), Text(again, "sha256"));
        Assert.NotEqual(Text(first, "sha256"), Text(other, "sha256"));
        var (_, settings) = await server.GetAsync($"/v1/videos/{Text(first, "id")}/settings");
        Assert.Contains("3.5", settings.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WanVaceToVideo")]
    [InlineData("WanFunControlToVideo")]
    [InlineData("Wan22FunControlToVideo")]
    [InlineData("WanFunInpaintToVideo")]
    [InlineData("WanCameraImageToVideo")]
    public async Task Prompt_WithANodeThatIsNotServed_IsRefusedByItsName(string node)
    {
        await using var server = await TestServer.StartAsync();
        var graph = Experts.Replace("WanImageToVideo", node, StringComparison.Ordinal);
        Assert.Contains(node, graph, StringComparison.Ordinal);

        var (status, answer) = await server.PostAsync("/prompt", $$"""{"prompt": {{graph}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(node, answer.ToString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> MadeAsync(TestServer server, string graph)
    {
        var (status, answer) = await server.PostAsync("/prompt", $$"""{"prompt": {{graph}}}""");
        Assert.True(status == HttpStatusCode.OK, answer.ToString());
        var video = await server.EndAsync("video_" + Text(answer, "prompt_id").Replace("-", "", StringComparison.Ordinal));
        Assert.True(Text(video, "status") == "completed", video.ToString());
        return video;
    }

    private static async Task<string> UploadAsync(TestServer server, string name, byte gray)
    {
        var pixels = new byte[3 * 32 * 16];
        pixels.AsSpan().Fill(gray);
        var picture = PictureBytes.Webp(new RgbImage(32, 16, pixels), quality: 90);
        using var form = new MultipartFormDataContent { { new ByteArrayContent(picture), "image", name } };
        using var answer = await server.Client.PostAsync(new Uri("/upload/image", UriKind.Relative), form, TestServer.Token);
        return Text(await answer.Content.ReadFromJsonAsync<JsonElement>(TestServer.Token), "name");
    }

    private static string Text(JsonElement body, string name) => body.GetProperty(name).GetString()!;

    private static int Number(JsonElement body, string name) => body.GetProperty(name).GetInt32();
}

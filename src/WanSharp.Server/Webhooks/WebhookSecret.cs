using System.Security.Cryptography;
using System.Text;
using WanSharp.Server.Security;
using WanSharp.Tensors;

namespace WanSharp.Server.Webhooks;

/// <summary>Signs messages as Standard Webhooks say, so that whoever receives one knows that this server sent it.</summary>
internal sealed class WebhookSecret
{
    private const string Mark = "whsec_";
    private const int Bytes = 32;

    private readonly byte[] _key;

    private WebhookSecret(byte[] key) => _key = key;

    /// <summary>Reads the secret of a file, and makes one if it is not there.</summary>
    /// <exception cref="InvalidDataException">The file holds none.</exception>
    public static WebhookSecret Open(string path)
    {
        if (!File.Exists(path))
        {
            var made = Mark + Convert.ToBase64String(RandomNumberGenerator.GetBytes(Bytes)) + "\n";
            SecretFile.Write(path, Encoding.ASCII.GetBytes(made));
        }

        var text = PlainFile.ReadAllText(path).Trim();
        var key = new byte[text.Length];
        return text.StartsWith(Mark, StringComparison.Ordinal) && Convert.TryFromBase64String(text[Mark.Length..], key, out var length)
            ? new WebhookSecret(key[..length])
            : throw new InvalidDataException($"{path} holds no secret: write {Mark} and the key in base64, or delete it to have one made.");
    }

    /// <summary>A message's signature.</summary>
    /// <param name="id">The message's id.</param>
    /// <param name="timestamp">When it is sent, in seconds of Unix time.</param>
    /// <param name="body">Its body.</param>
    public string Sign(string id, string timestamp, string body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));
}

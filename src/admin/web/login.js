// The login page: the password goes in once, and comes back as a session's cookie.
const form = document.getElementById("login"), trouble = document.getElementById("trouble");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button"), field = document.getElementById("password");
  button.disabled = true;
  trouble.textContent = "";
  try {
    const answer = await fetch("/api/v1/login", { method: "POST", credentials: "same-origin",
      headers: { "Content-Type": "application/json" }, body: JSON.stringify({ password: field.value }) });
    if (answer.ok) {
      location.assign("/");
      return;
    }
    const said = (await answer.json()).error;
    trouble.textContent = said.charAt(0).toUpperCase() + said.slice(1) + ".";
  } catch {
    trouble.textContent = "The agent does not answer: is it running?";
  }
  button.disabled = false;
  field.select();
});
